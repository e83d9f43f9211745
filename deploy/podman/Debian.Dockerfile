# Stands in for python:3.11-slim-bookworm and node:22-bookworm-slim: Python and npm of Debian 12, on what debootstrap made.
FROM localhost/akin-stand-in-bootstrap
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-pip npm >/dev/null \
    && rm -rf /var/lib/apt/lists/*
# Debian keeps pip from its own Python; this one is nobody else's.
RUN rm -f /usr/lib/python3.11/EXTERNALLY-MANAGED && ln -s python3 /usr/bin/python
