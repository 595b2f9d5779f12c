using System.Globalization;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Prompts;

/// <summary>
/// The texts and numbers that stand in a template's expressions. What a template treats specially it must name, so these make the contents
/// and lengths that are worth trying on it.
/// </summary>
/// <param name="Texts">Each once, in order, none empty.</param>
/// <param name="Numbers">Each once, in order, none negative.</param>
internal sealed record TemplateLiterals(IReadOnlyList<string> Texts, IReadOnlyList<int> Numbers)
{
    /// <exception cref="TemplateException">The template is malformed.</exception>
    public static TemplateLiterals Read(string source)
    {
        var tokens = new TemplateLexer(source.ReplaceLineEndings("\n")).Read();
        return new TemplateLiterals(
            [.. tokens.Where(token => token.Kind == TokenKind.String && token.Value.Length > 0).Select(token => token.Value).Distinct()],
            [.. tokens.Where(token => token.Kind == TokenKind.Integer).Select(ToNumber).OfType<int>().Distinct()]);
    }

    private static int? ToNumber(TemplateToken token) =>
        int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
