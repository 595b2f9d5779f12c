ARG TAG
FROM tollgate-test/aspnet:${TAG}
# Without ICU, which only the SDK's own messages would use.
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false DOTNET_NOLOGO=true NUGET_CERT_REVOCATION_MODE=offline \
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
COPY packs /usr/share/dotnet/packs
COPY sdk /usr/share/dotnet/sdk
COPY sdk-manifests /usr/share/dotnet/sdk-manifests
