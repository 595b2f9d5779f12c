using System.Text.RegularExpressions;

namespace Tollgate.Inference.Gguf;

/// <summary>Names of the parts of a GGUF model: <c>NAME-00001-of-00003.gguf</c>.</summary>
public static partial class GgufPartName
{
    /// <summary>What the names of all parts of one model have in common; the name itself where it is that of no part.</summary>
    public static string ModelOf(string fileName) => Match(fileName) is { Success: true } name
        ? $"{name.Groups["stem"].Value}/{name.Groups["count"].Value}" : fileName;

    /// <summary>Groups <c>stem</c>, <c>number</c> and <c>count</c> of a part's name.</summary>
    internal static Match Match(string fileName) => Form().Match(fileName);

    [GeneratedRegex(@"\A(?<stem>.+)-(?<number>[0-9]{5})-of-(?<count>[0-9]{5})\.gguf\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Form();
}
