# Stands in for pgvector/pgvector: the same versions of PostgreSQL and pgvector, out of the package that Akin embeds.
FROM localhost/akin:latest
USER root
RUN useradd --system --home-dir /var/lib/postgresql postgres && install -d -o postgres -g postgres -m 700 /var/lib/postgresql \
    && bin=$(python -c 'from config.embedded.cluster import binaries; print(binaries())') \
    && ln -s "$bin"/* /usr/local/bin/
COPY --chmod=755 deploy/podman/postgres-entrypoint /usr/local/bin/
VOLUME /var/lib/postgresql
ENTRYPOINT ["postgres-entrypoint"]
CMD []
