using System.Globalization;

namespace Tollgate.Inference.Templates;

/// <summary>Methods of texts, as templates call them: <c>text.strip()</c>.</summary>
internal static class TextMethods
{
    /// <summary>The method of that name, or null.</summary>
    public static TemplateFunction? Find(MarkedText text, string name, TemplateBudget budget) => name switch
    {
        "strip" => a => Strip(text, a, start: true, end: true, budget),
        "lstrip" => a => Strip(text, a, start: true, end: false, budget),
        "rstrip" => a => Strip(text, a, start: false, end: true, budget),
        "upper" => _ => Change(text, static t => t.ToUpperInvariant(), budget),
        "lower" => _ => Change(text, static t => t.ToLowerInvariant(), budget),
        "title" => _ => Change(text, Title, budget),
        "capitalize" => _ => Change(text, Capitalize, budget),
        "startswith" => a => Affixes(a).Any(p => Has(text, p, budget) && text.Text.StartsWith(p.Text, StringComparison.Ordinal)),
        "endswith" => a => Affixes(a).Any(p => Has(text, p, budget) && text.Text.EndsWith(p.Text, StringComparison.Ordinal)),
        "split" => a => Split(text, a, budget),
        "splitlines" => _ => Split(text, MarkedText.FromTemplate("\n"), most: -1, budget),
        "replace" => a => Replace(text, a, budget),
        "find" => a => (long)new TextSearch(a.Text(0, "sub"), budget).Find(text.Text, 0),
        "count" => a => new TextSearch(a.Text(0, "sub"), budget).Count(text.Text),
        "join" => a => Join(TemplateValues.Items(a.Get(0, "iterable"), budget), text, budget),
        _ => null,
    };

    /// <summary>A text of the same length, made in one pass.</summary>
    public static MarkedText Change(MarkedText text, Func<string, string> change, TemplateBudget budget)
    {
        budget.ChargeText(text.Length);
        return budget.Made(text.With(change(text.Text)));
    }

    public static MarkedText Replace(MarkedText text, CallArguments arguments, TemplateBudget budget)
    {
        var (from, to) = (arguments.Text(0, "old"), arguments.Get(1, "new") as MarkedText ?? MarkedText.Empty);
        if (from.Length == 0)
        {
            return text;
        }

        var isFromTemplate = text.IsFromTemplate && to.IsFromTemplate;
        var builder = new MarkedTextBuilder(budget);
        var search = new TextSearch(from, budget);
        var start = 0;
        for (var at = search.Find(text.Text, 0); at >= 0; at = search.Find(text.Text, start))
        {
            builder.Append(text.Text[start..at], isFromTemplate);
            builder.Append(to.Text, isFromTemplate);
            start = at + from.Length;
        }

        if (start == 0)
        {
            return text;
        }

        builder.Append(text.Text[start..], isFromTemplate);
        return builder.ToText();
    }

    public static MarkedText Join(List<object?> items, MarkedText separator, TemplateBudget budget)
    {
        var builder = new MarkedTextBuilder(budget);
        for (var i = 0; i < items.Count; i++)
        {
            budget.Charge(1);
            builder.Append(i == 0 ? MarkedText.Empty : separator);
            builder.Append(TemplateValues.Print(items[i], budget));
        }

        return builder.ToText();
    }

    public static string Title(string text)
    {
        var letters = text.ToCharArray();
        for (var i = 0; i < letters.Length; i++)
        {
            letters[i] = i > 0 && char.IsLetter(letters[i - 1])
                ? char.ToLower(letters[i], CultureInfo.InvariantCulture)
                : char.ToUpper(letters[i], CultureInfo.InvariantCulture);
        }

        return new string(letters);
    }

    public static string Capitalize(string text) =>
        text.Length == 0 ? text : text[..1].ToUpperInvariant() + text[1..].ToLowerInvariant();

    private static MarkedText Strip(MarkedText text, CallArguments arguments, bool start, bool end, TemplateBudget budget)
    {
        if (arguments.Get(0, "chars") is not MarkedText set)
        {
            return text.Trim(start, end, budget);
        }

        budget.ChargeText(set.Length);
        budget.Charge(text.Length);
        var characters = set.Text.ToHashSet();
        var (first, last) = (0, text.Length);
        while (start && first < last && characters.Contains(text.Text[first]))
        {
            first++;
        }

        while (end && last > first && characters.Contains(text.Text[last - 1]))
        {
            last--;
        }

        return text.Slice(first, last - first, budget);
    }

    private static IEnumerable<MarkedText> Affixes(CallArguments arguments) => arguments.Get(0, "prefix") switch
    {
        List<object?> list => list.OfType<MarkedText>(),
        MarkedText text => [text],
        _ => [MarkedText.FromTemplate(arguments.Text(0, "prefix"))],
    };

    private static bool Has(MarkedText text, MarkedText affix, TemplateBudget budget)
    {
        budget.ChargeText(affix.Length <= text.Length ? affix.Length : 0);
        return affix.Length <= text.Length;
    }

    private static List<object?> Split(MarkedText text, CallArguments arguments, TemplateBudget budget)
    {
        if (arguments.Get(0, "sep") is MarkedText separator)
        {
            return Split(text, separator, arguments.Integer(1, "maxsplit", -1), budget);
        }

        budget.Charge(text.Length);
        budget.Allocate(40L * text.Length);
        return [.. text.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(w => (object?)budget.Made(text.With(w)))];
    }

    /// <summary>Keeps the marks: the parts are slices.</summary>
    private static List<object?> Split(MarkedText text, MarkedText separator, long most, TemplateBudget budget)
    {
        if (separator.Length == 0)
        {
            throw new TemplateException("The template splits a text at nothing.");
        }

        var parts = new List<object?>();
        var search = new TextSearch(separator.Text, budget);
        var start = 0;
        for (var at = search.Find(text.Text, 0); at >= 0 && most-- != 0; at = search.Find(text.Text, start))
        {
            Add(at);
            start = at + separator.Length;
        }

        Add(text.Length);
        return parts;

        void Add(int end)
        {
            budget.AllocateList(1);
            parts.Add(text.Slice(start, end - start, budget));
        }
    }
}
