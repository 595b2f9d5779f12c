FROM tollgate-test/debian
RUN apt-get update && apt-get install -y --no-install-recommends libgcc-s1 libssl3 libstdc++6 tzdata && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 1654 app && useradd --uid 1654 --gid 1654 --create-home app
ENV APP_UID=1654 DOTNET_RUNNING_IN_CONTAINER=true
COPY dotnet /usr/share/dotnet/
COPY host /usr/share/dotnet/host
COPY shared /usr/share/dotnet/shared
RUN ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet
