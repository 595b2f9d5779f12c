using System.Xml;
using System.Xml.Linq;
using Microsoft.Extensions.Configuration;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Catalogue;

/// <summary>Addresses of package registries: the setting's, else the one that the machine's npm or NuGet uses, else the public one.
/// Credentials of those files are not read.</summary>
internal static class Registries
{
    private const string PublicNpm = "https://registry.npmjs.org/";
    private const string PublicNuGet = "https://api.nuget.org/v3/index.json";

    /// <summary>Opens the registry of a package.</summary>
    /// <param name="home">The user's folder, with <c>.npmrc</c> and <c>.nuget</c>.</param>
    /// <exception cref="OperatorException">An address is none.</exception>
    public static IPackageRegistry Open(PackageName package, IConfiguration settings, string home) => package.Registry == PackageName.Npm
        ? new NpmRegistry(ReadAddress("Npm", settings, FindNpm(home, package.Name) ?? PublicNpm, slash: "/"))
        : new NuGetRegistry(ReadAddress("NuGet", settings, FindNuGet(home) ?? PublicNuGet, slash: ""));

    private static Uri ReadAddress(string name, IConfiguration settings, string otherwise, string slash)
    {
        var text = settings[$"Registries:{name}"] is { Length: > 0 } setting ? setting : otherwise;
        return Uri.TryCreate(text.TrimEnd('/') + slash, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
            ? address : throw new OperatorException($"The address of the registry is '{text}', which is not an http or https URL. "
                + $"TOLLGATE__Registries__{name} sets it.");
    }

    /// <summary><c>registry=</c> of <c>.npmrc</c>, or that of the package's scope.</summary>
    private static string? FindNpm(string home, string name)
    {
        var file = Path.Combine(home, ".npmrc");
        var values = (File.Exists(file) ? File.ReadAllLines(file) : [])
            .Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries)).Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0]).ToDictionary(group => group.Key, group => group.Last()[1].Trim('"'));
        var scope = name.StartsWith('@') ? name[..name.IndexOf('/', StringComparison.Ordinal)] : "";
        return values.GetValueOrDefault($"{scope}:registry") ?? values.GetValueOrDefault("registry");
    }

    /// <summary>The first source over HTTP of the user's <c>NuGet.Config</c>.</summary>
    private static string? FindNuGet(string home)
    {
        var file = Path.Combine(home, ".nuget", "NuGet", "NuGet.Config");
        try
        {
            return File.Exists(file)
                ? XDocument.Load(file).Descendants("packageSources").Elements("add").Select(source => source.Attribute("value")?.Value)
                    .FirstOrDefault(value => value?.StartsWith("http", StringComparison.Ordinal) == true)
                : null;
        }
        catch (XmlException exception)
        {
            throw new OperatorException($"'{file}' cannot be read: {exception.Message}", exception);
        }
    }
}

/// <summary>A registry that packages are fetched from over HTTP.</summary>
internal interface IPackageRegistry
{
    Uri Address { get; }

    /// <summary>Finds where a package lies.</summary>
    /// <exception cref="OperatorException">The registry has no such package, or states another hash of it.</exception>
    /// <exception cref="HttpRequestException">The registry cannot be reached.</exception>
    Task<Uri> FindAsync(PackageName package, Downloads.FileDigest digest, Downloads.HttpFiles files, CancellationToken cancellationToken);
}
