using System.Globalization;

namespace Tollgate.Inference.Templates;

/// <summary>The filters behind <c>|</c>.</summary>
internal sealed class TemplateFilters(TemplateBudget budget)
{
    private static readonly CallArguments None = new([], new Dictionary<string, object?>());

    /// <exception cref="TemplateException">No filter has that name, or it does not fit the value.</exception>
    public object? Apply(string name, object? value, CallArguments arguments)
    {
        budget.Enter(); // map applies filters that may be map
        var result = value is MarkedText text
            ? ApplyToText(name, text, arguments, out var applied) : ApplyToOther(name, value, out applied);
        result = applied ? result : ApplyToAny(name, value, arguments, out applied);
        result = applied ? result : ApplyToItems(name, value, arguments, out applied);
        if (!applied)
        {
            throw new TemplateException(
                $"The template applies the filter '{name}' to {TemplateValues.TypeName(value)}, which is not supported.");
        }

        budget.Leave();
        return result;
    }

    private object? ApplyToText(string name, MarkedText text, CallArguments arguments, out bool applied)
    {
        applied = true;
        switch (name)
        {
            case "trim":
                return text.Trim(start: true, end: true, budget);
            case "upper":
                return TextMethods.Change(text, static t => t.ToUpperInvariant(), budget);
            case "lower":
                return TextMethods.Change(text, static t => t.ToLowerInvariant(), budget);
            case "title":
                return TextMethods.Change(text, TextMethods.Title, budget);
            case "capitalize":
                return TextMethods.Change(text, TextMethods.Capitalize, budget);
            case "length" or "count":
                budget.ChargeText(text.Length);
                return (long)text.Text.EnumerateRunes().Count();
            case "replace":
                return TextMethods.Replace(text, arguments, budget);
            case "string" or "safe":
                return text;
            case "escape" or "e":
                return Escape(text);
            case "indent":
                return Indent(text, arguments);
            case "int":
                budget.ChargeText(text.Length);
                return long.TryParse(text.Text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                    ? whole : arguments.Integer(0, "default", 0);
            case "float":
                budget.ChargeText(text.Length);
                return double.TryParse(text.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? real : 0.0;
            default:
                applied = false;
                return null;
        }
    }

    private object? ApplyToOther(string name, object? value, out bool applied)
    {
        applied = true;
        switch (name, value)
        {
            case ("trim" or "upper" or "lower" or "title" or "capitalize", not List<object?> and not TemplateMap):
                return ApplyToText(name, TemplateValues.Print(value, budget), None, out applied);
            case ("length" or "count", List<object?> list):
                return (long)list.Count;
            case ("length" or "count", TemplateMap map):
                return (long)map.Count;
            case ("length" or "count", Undefined):
                return 0L;
            case ("abs", long number):
                return TemplateOperators.Absolute(number);
            case ("abs", double number):
                return Math.Abs(number);
            case ("int", long or double or bool):
                return TemplateValues.AsWhole(value)
            ?? throw new TemplateException("A number of the template is too large to be a whole one.");
            case ("float", long or double or bool):
                return TemplateValues.AsNumber(value)!;
            case ("items", Undefined):
                return new List<object?>();
            case ("items", TemplateMap map):
                return TemplateMembers.Pairs(map, budget);
            case ("dictsort", TemplateMap map):
                var pairs = TemplateMembers.Pairs(map, budget);
                return TemplateValues.Sort(
                    pairs, pairs.ConvertAll(p => (object?)Folded((MarkedText)((List<object?>)p!)[0]!)), descending: false, budget);
            default:
                applied = false;
                return null;
        }
    }

    private object? ApplyToAny(string name, object? value, CallArguments arguments, out bool applied)
    {
        applied = true;
        switch (name)
        {
            case "default" or "d":
                var missing = value is Undefined
                    || (TemplateValues.IsTrue(arguments.Get(1, "boolean", false)) && !TemplateValues.IsTrue(value));
                return missing ? arguments.Get(0, "default_value", MarkedText.Empty) : value;
            case "tojson":
                var indent = arguments.Get(0, "indent") is long blanks ? (int?)Math.Clamp(blanks, 0, 16) : null;
                return budget.Made(MarkedText.FromCaller(TemplateWriter.ToJson(value, indent, budget)));
            case "string":
                return TemplateValues.Print(value, budget);
            case "round" when TemplateValues.AsNumber(value) is { } number:
                return Math.Round(number, (int)Math.Clamp(arguments.Integer(0, "precision", 0), 0, 15), MidpointRounding.AwayFromZero);
            default:
                applied = false;
                return null;
        }
    }

    private object? ApplyToItems(string name, object? value, CallArguments arguments, out bool applied)
    {
        applied = true;
        var items = value is null or long or double or bool or TemplateFunction ? [] : TemplateValues.Items(value, budget);
        budget.Charge(items.Count);
        switch (name)
        {
            case "list":
                budget.AllocateList(items.Count);
                return items.ToList();
            case "first":
                return items.Count > 0 ? items[0] : Undefined.Value;
            case "last":
                return items.Count > 0 ? items[^1] : Undefined.Value;
            case "reverse":
                budget.AllocateList(items.Count);
                return value is MarkedText text
                    ? budget.Made(text.With(string.Concat(Enumerable.Reverse(items)))) : Enumerable.Reverse(items).ToList();
            case "join":
                var parts = arguments.Get(1, "attribute") is { } attribute ? ConvertAll(items, i => Attribute(i, attribute)) : items;
                return TextMethods.Join(parts, arguments.Get(0, "d") as MarkedText ?? MarkedText.Empty, budget);
            case "sum":
                return items.Aggregate((object?)0L, (sum, i) => TemplateOperators.Apply("+", sum, i, budget));
            case "min":
                return items.Count > 0 ? items.Aggregate((a, b) => TemplateValues.Compare(b, a, budget) < 0 ? b : a) : Undefined.Value;
            case "max":
                return items.Count > 0 ? items.Aggregate((a, b) => TemplateValues.Compare(b, a, budget) > 0 ? b : a) : Undefined.Value;
            case "unique":
                return Unique(items);
            case "sort":
                return Sort(items, arguments);
            case "map":
                return Map(items, arguments);
            case "select" or "reject" or "selectattr" or "rejectattr":
                return Select(name, items, arguments);
            default:
                applied = false;
                return null;
        }
    }

    private List<object?> Unique(List<object?> items)
    {
        var kept = new List<object?>();
        foreach (var item in items)
        {
            if (!kept.Exists(other => TemplateValues.Equals(item, other, budget)))
            {
                budget.AllocateList(1);
                kept.Add(item);
            }
        }

        return kept;
    }

    private List<object?> Sort(List<object?> items, CallArguments arguments)
    {
        var attribute = arguments.Get(2, "attribute");
        var keepsCase = TemplateValues.IsTrue(arguments.Get(1, "case_sensitive", false));
        var keys = ConvertAll(items, item =>
        {
            var key = attribute is null ? item : Attribute(item, attribute);
            return key is MarkedText text && !keepsCase ? Folded(text) : key;
        });
        return TemplateValues.Sort(items, keys, TemplateValues.IsTrue(arguments.Get(0, "reverse", false)), budget);
    }

    private MarkedText Folded(MarkedText text) => TextMethods.Change(text, static t => t.ToLowerInvariant(), budget);

    private List<object?> ConvertAll(List<object?> items, Converter<object?, object?> convert)
    {
        budget.AllocateList(items.Count);
        return items.ConvertAll(convert);
    }

    private List<object?> Map(List<object?> items, CallArguments arguments)
    {
        if (arguments.Named.TryGetValue("attribute", out var attribute))
        {
            arguments.Named.TryGetValue("default", out var otherwise);
            return ConvertAll(items, i => Attribute(i, attribute) is var found && found is Undefined ? otherwise ?? found : found);
        }

        budget.AllocateList(arguments.Positional.Count);
        var rest = new CallArguments([.. arguments.Positional.Skip(1)], arguments.Named);
        return ConvertAll(items, i => Apply(arguments.Text(0, "filter"), i, rest));
    }

    private List<object?> Select(string name, List<object?> items, CallArguments arguments)
    {
        var byAttribute = name.EndsWith("attr", StringComparison.Ordinal);
        var wanted = name.StartsWith("select", StringComparison.Ordinal);
        var first = byAttribute ? 1 : 0;
        var test = arguments.Positional.Count > first ? arguments.Text(first, "test") : null;
        var rest = arguments.Positional.Skip(first + 1).ToArray();
        budget.AllocateList(items.Count + arguments.Positional.Count);
        return items.FindAll(item =>
        {
            var value = byAttribute ? Attribute(item, arguments.Get(0, "attribute")) : item;
            return wanted == (test is null ? TemplateValues.IsTrue(value) : TemplateTests.Holds(test, value, rest, budget));
        });
    }

    private object? Attribute(object? item, object? name) => (item, name) switch
    {
        (TemplateMap map, MarkedText key) => map[TemplateValues.Key(key, budget)],
        (List<object?> list, long index) when index >= 0 && index < list.Count => list[(int)index],
        _ => Undefined.Value,
    };

    private MarkedText Indent(MarkedText text, CallArguments arguments)
    {
        var blanks = new string(' ', (int)Math.Clamp(arguments.Integer(0, "width", 4), 0, 64));
        var first = TemplateValues.IsTrue(arguments.Get(1, "first", false));
        var blank = TemplateValues.IsTrue(arguments.Get(2, "blank", false));
        var builder = new MarkedTextBuilder(budget);
        var start = 0;
        while (start <= text.Length)
        {
            var end = text.Text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end;
            var isIndented = (start > 0 || first) && (end > start || blank);
            builder.Append(isIndented ? blanks : "", text.IsFromTemplate);
            builder.Append(text.Text[start..Math.Min(end + 1, text.Length)], text.IsFromTemplate);
            start = end + 1;
        }

        return builder.ToText();
    }

    private MarkedText Escape(MarkedText text)
    {
        var builder = new MarkedTextBuilder(budget);
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var escaped = text.Text[i] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&#34;",
                '\'' => "&#39;",
                _ => null,
            };
            if (escaped is not null)
            {
                builder.Append(text.Text[start..i], text.IsFromTemplate);
                builder.Append(escaped, text.IsFromTemplate);
                start = i + 1;
            }
        }

        builder.Append(text.Text[start..], text.IsFromTemplate);
        return builder.ToText();
    }
}
