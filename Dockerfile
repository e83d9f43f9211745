# Akin for production: one image, run as web server, worker, jobs or beat (see Procfile and docker-compose.yml).
# What draws the map comes from npm, which the image itself does not have.
ARG NODE_IMAGE=node:22-bookworm-slim
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${NODE_IMAGE} AS packages
RUN npm pack deck.gl@9.4.0 --ignore-scripts --pack-destination /tmp

FROM ${PYTHON_IMAGE}

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 REMAP_SIGTERM=SIGQUIT
WORKDIR /app

COPY requirements.txt requirements.lock ./
RUN pip install "$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements.txt)" \
    && pip install --require-hashes --no-deps -r requirements.lock

# Never root: the processes write to /data and nowhere else.
RUN useradd --system --create-home --uid 10001 akin && install -d -o akin -g akin /data
COPY --chown=root:root . .
COPY --from=packages /tmp/deck.gl-9.4.0.tgz /tmp/
RUN python -m config.vendored /tmp/deck.gl-9.4.0.tgz && rm /tmp/deck.gl-9.4.0.tgz
# The model, converted once and for all, so that a start neither writes nor waits for it. The key signs nothing.
RUN AKIN_DATA_DIR=/models SECRET_KEY=a-key-of-the-building-that-signs-nothing-and-is-never-used-again \
    python manage.py convert_model && mv /models/models /app/models && rm -r /models
USER akin

ENV AKIN_DATA_DIR=/data HOST=0.0.0.0 PORT=8000
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "--config", "config/gunicorn.py"]
