FROM tollgate-test/debian
RUN groupadd --gid 999 redis && useradd --uid 999 --gid 999 redis \
    && apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* \
    && mkdir /data && chown redis:redis /data
VOLUME /data
WORKDIR /data
