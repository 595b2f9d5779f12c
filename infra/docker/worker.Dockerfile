# Build from the repository's root: docker build -f infra/docker/worker.Dockerfile .
FROM node:20-bookworm-slim AS npm
WORKDIR /source
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src src
COPY models models
COPY --from=npm /source/node_modules node_modules
RUN dotnet publish src/Inference/Inference.csproj -c Release -p:RestoreLockedMode=true -p:UseAppHost=false -p:PublishDir=/app/

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
RUN mkdir -p /data && chown app:app /data
VOLUME /data
USER app
CMD ["dotnet", "Tollgate.Inference.dll"]
