using System.Text.Json;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Downloads;

namespace Tollgate.Cli.Catalogue;

/// <summary>npm's registry: a version's metadata names its tarball and the tarball's hash.</summary>
internal sealed class NpmRegistry(Uri address) : IPackageRegistry
{
    private const int MostMetadataBytes = 8 << 20;

    public Uri Address => address;

    public async Task<Uri> FindAsync(PackageName package, FileDigest digest, HttpFiles files, CancellationToken cancellationToken)
    {
        var metadata = await files.ReadAsync(
            new Uri(address, $"{package.Name.Replace("/", "%2f", StringComparison.Ordinal)}/{package.Version}"), MostMetadataBytes,
            status => PackageRefusal.Of(package, address, status), cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(metadata);
            var dist = document.RootElement.GetProperty("dist");
            if (dist.TryGetProperty("integrity", out var integrity) && FileDigest.ReadIntegrity(integrity.GetString()) is { } stated
                && stated != digest)
            {
                throw new OperatorException(
                    $"{address.Host} states another hash of {package} than the catalogue: {stated}, in the catalogue {digest}.");
            }

            return files.Follow(address, new Uri(dist.GetProperty("tarball").GetString()!, UriKind.RelativeOrAbsolute));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException
            or UriFormatException or ArgumentNullException)
        {
            throw new OperatorException($"What {address.Host} says about {package} names no tarball.", exception);
        }
    }
}
