using System.Text.RegularExpressions;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Hub;

/// <summary>A model of Hugging Face, as an operator names it: <c>hf:OWNER/MODEL</c> or <c>hf:OWNER/MODEL@REVISION</c>.</summary>
/// <param name="Revision">Branch, tag or commit.</param>
internal sealed partial record HubName(string Owner, string Model, string Revision)
{
    private const string Prefix = "hf:";

    /// <summary>Whether the source of an import is one, and no path.</summary>
    public static bool Is(string source) => source.StartsWith(Prefix, StringComparison.Ordinal);

    /// <exception cref="OperatorException">The name has another form.</exception>
    public static HubName Parse(string source) => Form().Match(source[Prefix.Length..]) is { Success: true } match
        && !source.Contains("..", StringComparison.Ordinal)
        ? new HubName(
            match.Groups["owner"].Value, match.Groups["model"].Value,
            match.Groups["revision"] is { Success: true } revision ? revision.Value : "main")
        : throw new OperatorException($"'{source}' is not hf:OWNER/MODEL or hf:OWNER/MODEL@REVISION.");

    public override string ToString() => $"{Owner}/{Model}";

    [GeneratedRegex(
        @"\A(?<owner>[A-Za-z0-9][A-Za-z0-9._-]{0,95})/(?<model>[A-Za-z0-9][A-Za-z0-9._-]{0,95})"
            + @"(@(?<revision>[A-Za-z0-9][A-Za-z0-9._/-]{0,127}))?\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
