# Build from the repository's root: docker build -f infra/docker/billing.Dockerfile .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src src
RUN dotnet publish src/Billing/Billing.csproj -c Release -p:RestoreLockedMode=true -p:UseAppHost=false -p:PublishDir=/app/

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
RUN mkdir -p /data && chown app:app /data
VOLUME /data
USER app
CMD ["dotnet", "Tollgate.Billing.dll"]
