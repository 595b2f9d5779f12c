using System.Text.Json;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Downloads;

namespace Tollgate.Cli.Catalogue;

/// <summary>A NuGet source of version 3: its index names the folder of packages, the flat container.</summary>
/// <param name="address">Of the index.</param>
internal sealed class NuGetRegistry(Uri address) : IPackageRegistry
{
    private const string FlatContainer = "PackageBaseAddress/3.0.0";
    private const int MostIndexBytes = 1 << 20;

    public Uri Address => address;

    public async Task<Uri> FindAsync(PackageName package, FileDigest digest, HttpFiles files, CancellationToken cancellationToken)
    {
        var index = await files.ReadAsync(
            address, MostIndexBytes, status => PackageRefusal.Of(package, address, status), cancellationToken);
#pragma warning disable CA1308 // The flat container's addresses are in lower case.
        var (name, version) = (package.Name.ToLowerInvariant(), package.Version.ToLowerInvariant());
#pragma warning restore CA1308
        try
        {
            using var document = JsonDocument.Parse(index);
            var folder = document.RootElement.GetProperty("resources").EnumerateArray()
                .First(resource => resource.GetProperty("@type").ValueEquals(FlatContainer)).GetProperty("@id").GetString()!;
            return files.Follow(
                address, new Uri($"{folder.TrimEnd('/')}/{name}/{version}/{name}.{version}.nupkg", UriKind.RelativeOrAbsolute));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException
            or UriFormatException)
        {
            throw new OperatorException($"The index of {address.Host} names no {FlatContainer}.", exception);
        }
    }
}
