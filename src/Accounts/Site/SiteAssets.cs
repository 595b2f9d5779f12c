using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Tollgate.Accounts.Site;

/// <summary>
/// Serves styles and scripts, embedded in the assembly. Pages link them with a hash of their bytes, so browsers may cache them
/// permanently.
/// </summary>
internal static class SiteAssets
{
    private const string Prefix = "assets/";

    private static readonly FrozenDictionary<string, Asset> Assets = typeof(SiteAssets).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[Prefix.Length..], Read, StringComparer.Ordinal);

    /// <summary>Path of an asset with its hash.</summary>
    public static string Url(string name) => $"/assets/{name}?v={Assets[name].Hash}";

    public static void MapAssets(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/assets/{name}", Get).AllowAnonymous().ExcludeFromDescription();

    internal static IResult Get(string name, string? v, HttpResponse response)
    {
        if (!Assets.TryGetValue(name, out var asset))
        {
            return TypedResults.NotFound();
        }

        response.Headers.CacheControl = v == asset.Hash ? "public, max-age=31536000, immutable" : "no-cache";
        return TypedResults.Bytes(asset.Body, asset.Type, entityTag: new($"\"{asset.Hash}\""));
    }

    private static Asset Read(string name)
    {
        using var stream = typeof(SiteAssets).Assembly.GetManifestResourceStream(name)!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        var type = Path.GetExtension(name) switch
        {
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".svg" => "image/svg+xml",
            ".txt" => "text/plain; charset=utf-8",
            var other => throw new InvalidOperationException($"Asset type {other} is unknown."),
        };
        return new Asset(bytes.ToArray(), type, Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()).AsSpan(0, 8)));
    }

    private sealed record Asset(byte[] Body, string Type, string Hash);
}
