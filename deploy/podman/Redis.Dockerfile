# Stands in for redis:8-alpine: Debian's Redis 7.
FROM localhost/akin-stand-in-bootstrap
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >/dev/null \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /data
