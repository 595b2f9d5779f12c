using System.Text.RegularExpressions;

namespace Tollgate.Cli.Catalogue;

/// <summary>A package at a version, as an entry names it: <c>npm:NAME@VERSION</c> or <c>nuget:NAME@VERSION</c>.</summary>
/// <param name="Registry"><see cref="Npm"/> or <see cref="NuGet"/>.</param>
internal sealed partial record PackageName(string Registry, string Name, string Version)
{
    public const string Npm = "npm";
    public const string NuGet = "nuget";

    /// <summary>Null for a source that is no package.</summary>
    public static PackageName? Find(string source) => Form().Match(source) is { Success: true } match
        && !source.Contains("..", StringComparison.Ordinal)
        ? new PackageName(match.Groups["registry"].Value, match.Groups["name"].Value, match.Groups["version"].Value) : null;

    /// <summary>A plain name of a file or folder for it.</summary>
    public string FileName => $"{Registry}--{Name.Replace('/', '+')}--{Version}";

    public override string ToString() => $"{Registry}:{Name}@{Version}";

    [GeneratedRegex(
        @"\A(?<registry>npm|nuget):(?<name>(@[a-z0-9][a-z0-9._-]{0,99}/)?[A-Za-z0-9][A-Za-z0-9._-]{0,99})"
            + @"@(?<version>[0-9][0-9A-Za-z.+-]{0,63})\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
