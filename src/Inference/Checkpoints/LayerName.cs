using System.Globalization;
using System.Text.RegularExpressions;

namespace Tollgate.Inference.Checkpoints;

/// <summary>Numbers of layers in names of tensors.</summary>
internal static partial class LayerName
{
    /// <summary>A name with <c>#</c> for the layer's number, and the number.</summary>
    public static (string Pattern, int? Layer) Split(string name)
    {
        var match = Number().Match(name);
        return match.Success && int.TryParse(match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture, out var layer)
            ? ($"{name[..match.Index]}{match.Groups["stem"].Value}.#.{name[(match.Index + match.Length)..]}", layer) : (name, null);
    }

    /// <summary>A pattern with a number in the place of <c>#</c>.</summary>
    public static string Fill(string pattern, int? layer) =>
        pattern.Replace("#", layer?.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    [GeneratedRegex(@"(?<stem>layers|h)\.(?<layer>0|[1-9][0-9]{0,8})\.", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
