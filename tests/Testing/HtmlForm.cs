using System.Net;
using System.Text.RegularExpressions;

namespace Tollgate.Testing;

/// <summary>A form of a page as a browser would send it: every field with its present value.</summary>
/// <param name="Action">Where it goes.</param>
public sealed partial record HtmlForm(Uri Action, IReadOnlyDictionary<string, string> Fields)
{
    /// <summary>Finds the form whose markup contains <paramref name="mark"/>, such as a field's name or a button's text.</summary>
    /// <exception cref="InvalidOperationException">The page has no such form.</exception>
    public static HtmlForm Find(string html, Uri page, string mark)
    {
        var markup = Forms().Matches(html).Select(form => form.Value).FirstOrDefault(form => form.Contains(mark, StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"No form with '{mark}' at {page}: {html}");
        var fields = new Dictionary<string, string>();
        foreach (var input in Inputs().Matches(markup).Select(input => input.Value))
        {
            if (Attribute(input, "name") is { } name
                && (Attribute(input, "type") != "checkbox" || input.Contains(" checked", StringComparison.Ordinal)))
            {
                fields.TryAdd(name, Attribute(input, "value") ?? "");
            }
        }

        return new HtmlForm(new Uri(page, Attribute(Opening().Match(markup).Value, "action") ?? ""), fields);
    }

    /// <summary>The same form filled in.</summary>
    public HtmlForm With(string name, string value) =>
        this with { Fields = new Dictionary<string, string>(Fields) { [name] = value } };

    private static string? Attribute(string tag, string name) =>
        Regex.Match(tag, $"\\s{name}=\"([^\"]*)\"") is { Success: true } match ? WebUtility.HtmlDecode(match.Groups[1].Value) : null;

    [GeneratedRegex("<form.*?</form>", RegexOptions.Singleline)]
    private static partial Regex Forms();

    [GeneratedRegex("<form[^>]*>")]
    private static partial Regex Opening();

    [GeneratedRegex("<(?:input|select)[^>]*>")]
    private static partial Regex Inputs();
}
