using System.Globalization;

namespace Tollgate.Inference.Templates;

/// <summary>The filters behind <c>|</c>.</summary>
internal sealed class TemplateFilters(TemplateInterpreter interpreter)
{
    private static readonly CallArguments None = new([], new Dictionary<string, object?>());

    /// <exception cref="TemplateException">No filter has that name, or it does not fit the value.</exception>
    public object? Apply(string name, object? value, CallArguments arguments)
    {
        var result = value is MarkedText text
            ? ApplyToText(name, text, arguments, out var applied) : ApplyToOther(name, value, out applied);
        result = applied ? result : ApplyToAny(name, value, arguments, out applied);
        result = applied ? result : ApplyToItems(name, value, arguments, out applied);
        if (!applied)
        {
            throw new TemplateException(
                $"The template applies the filter '{name}' to {TemplateValues.TypeName(value)}, which is not supported.");
        }

        if (result is MarkedText made)
        {
            interpreter.Made(made);
        }

        return result;
    }

    private static object? ApplyToText(string name, MarkedText text, CallArguments arguments, out bool applied)
    {
        applied = true;
        switch (name)
        {
            case "trim":
                return text.Trim(start: true, end: true);
            case "upper":
                return text.With(text.Text.ToUpperInvariant());
            case "lower":
                return text.With(text.Text.ToLowerInvariant());
            case "title":
                return text.With(TextMethods.Title(text.Text));
            case "capitalize":
                return text.With(TextMethods.Capitalize(text.Text));
            case "length" or "count":
                return (long)text.Text.EnumerateRunes().Count();
            case "replace":
                return TextMethods.Replace(text, arguments);
            case "string" or "safe":
                return text;
            case "escape" or "e":
                return text.With(Escape(text.Text));
            case "indent":
                return Indent(text, arguments);
            case "int":
                return long.TryParse(text.Text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                    ? whole : arguments.Integer(0, "default", 0);
            case "float":
                return double.TryParse(text.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? real : 0.0;
            default:
                applied = false;
                return null;
        }
    }

    private static object? ApplyToOther(string name, object? value, out bool applied)
    {
        applied = true;
        switch (name, value)
        {
            case ("trim" or "upper" or "lower" or "title" or "capitalize", not List<object?> and not TemplateMap):
                return ApplyToText(name, TemplateValues.Print(value), None, out applied);
            case ("length" or "count", List<object?> list):
                return (long)list.Count;
            case ("length" or "count", TemplateMap map):
                return (long)map.Count;
            case ("length" or "count", Undefined):
                return 0L;
            case ("abs", long number):
                return Math.Abs(number);
            case ("abs", double number):
                return Math.Abs(number);
            case ("int", long or double or bool):
                return (long)TemplateValues.AsNumber(value)!;
            case ("float", long or double or bool):
                return TemplateValues.AsNumber(value)!;
            case ("items", TemplateMap map):
                return TemplateMembers.Pairs(map);
            case ("dictsort", TemplateMap map):
                return TemplateMembers.Pairs(map).OrderBy(
                    p => TemplateValues.Print(((List<object?>)p!)[0]).Text, StringComparer.OrdinalIgnoreCase).ToList();
            default:
                applied = false;
                return null;
        }
    }

    private static object? ApplyToAny(string name, object? value, CallArguments arguments, out bool applied)
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
                return MarkedText.FromCaller(TemplateValues.ToJson(value, indent));
            case "string":
                return TemplateValues.Print(value);
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
        var items = value is null or long or double or bool or TemplateFunction ? [] : TemplateValues.Items(value);
        interpreter.Charge(items.Count);
        switch (name)
        {
            case "list":
                return items.ToList();
            case "first":
                return items.Count > 0 ? items[0] : Undefined.Value;
            case "last":
                return items.Count > 0 ? items[^1] : Undefined.Value;
            case "reverse":
                return value is MarkedText text
                    ? text.With(string.Concat(items.AsEnumerable().Reverse())) : Enumerable.Reverse(items).ToList();
            case "join":
                var parts = arguments.Get(1, "attribute") is { } attribute ? items.ConvertAll(i => Attribute(i, attribute)) : items;
                return TextMethods.MarkedJoin(parts, arguments.Get(0, "d") as MarkedText ?? MarkedText.Empty);
            case "sum":
                return items.Aggregate((object?)0L, (sum, i) => TemplateOperators.Apply("+", sum, i, interpreter));
            case "min":
                return items.Count > 0 ? items.Aggregate((a, b) => TemplateValues.Compare(b, a) < 0 ? b : a) : Undefined.Value;
            case "max":
                return items.Count > 0 ? items.Aggregate((a, b) => TemplateValues.Compare(b, a) > 0 ? b : a) : Undefined.Value;
            case "unique":
                return items.Where((item, i) => items.FindIndex(other => TemplateValues.Equals(item, other)) == i).ToList();
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

    private static List<object?> Sort(List<object?> items, CallArguments arguments)
    {
        var attribute = arguments.Get(2, "attribute");
        var comparer = Comparer<object?>.Create(TemplateValues.Compare);
        var reverse = TemplateValues.IsTrue(arguments.Get(0, "reverse", false));
        object? Key(object? item)
        {
            var key = attribute is null ? item : Attribute(item, attribute);
            return key is MarkedText text
                && !TemplateValues.IsTrue(arguments.Get(1, "case_sensitive", false)) ? text.With(text.Text.ToLowerInvariant()) : key;
        }

        return [.. reverse ? items.OrderByDescending(Key, comparer) : items.OrderBy(Key, comparer)];
    }

    private List<object?> Map(List<object?> items, CallArguments arguments)
    {
        if (arguments.Named.TryGetValue("attribute", out var attribute))
        {
            arguments.Named.TryGetValue("default", out var otherwise);
            return items.ConvertAll(i => Attribute(i, attribute) is var found && found is Undefined ? otherwise ?? found : found);
        }

        var rest = new CallArguments([.. arguments.Positional.Skip(1)], arguments.Named);
        return items.ConvertAll(i => Apply(arguments.Text(0, "filter"), i, rest));
    }

    private static List<object?> Select(string name, List<object?> items, CallArguments arguments)
    {
        var byAttribute = name.EndsWith("attr", StringComparison.Ordinal);
        var wanted = name.StartsWith("select", StringComparison.Ordinal);
        var first = byAttribute ? 1 : 0;
        var test = arguments.Positional.Count > first ? arguments.Text(first, "test") : null;
        var rest = arguments.Positional.Skip(first + 1).ToArray();
        return items.FindAll(item =>
        {
            var value = byAttribute ? Attribute(item, arguments.Get(0, "attribute")) : item;
            return wanted == (test is null ? TemplateValues.IsTrue(value) : TemplateTests.Holds(test, value, rest));
        });
    }

    private static object? Attribute(object? item, object? name) => (item, name) switch
    {
        (TemplateMap map, MarkedText key) => map[key.Text],
        (List<object?> list, long index) when index >= 0 && index < list.Count => list[(int)index],
        _ => Undefined.Value,
    };

    private static MarkedText Indent(MarkedText text, CallArguments arguments)
    {
        var blanks = new string(' ', (int)Math.Clamp(arguments.Integer(0, "width", 4), 0, 64));
        var lines = text.Text.Split('\n');
        for (var i = TemplateValues.IsTrue(arguments.Get(1, "first", false)) ? 0 : 1; i < lines.Length; i++)
        {
            lines[i] = lines[i].Length > 0 || TemplateValues.IsTrue(arguments.Get(2, "blank", false)) ? blanks + lines[i] : lines[i];
        }

        return text.With(string.Join('\n', lines));
    }

    private static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal);
}
