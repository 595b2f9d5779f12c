using System.Text.Json;

namespace Tollgate.Inference.Templates;

/// <summary>What a name that does not exist evaluates to.</summary>
internal sealed class Undefined
{
    private Undefined()
    {
    }

    public static Undefined Value { get; } = new();
}

/// <summary>A map that keeps the order of its entries; also what <c>namespace()</c> makes.</summary>
internal sealed class TemplateMap
{
    /// <summary>Bytes that a map of that many entries takes, without its values.</summary>
    public static long BytesFor(long entries) => 200 + (100 * entries);

    private readonly OrderedDictionary<string, object?> _entries = new(StringComparer.Ordinal);

    public bool IsNamespace { get; init; }

    public int Count => _entries.Count;

    public IEnumerable<KeyValuePair<string, object?>> Entries => _entries;

    public object? this[string key]
    {
        get => _entries.TryGetValue(key, out var value) ? value : Undefined.Value;
        set => _entries[key] = value;
    }

    public bool Contains(string key) => _entries.ContainsKey(key);
}

/// <summary>Something a template can call.</summary>
internal delegate object? TemplateFunction(CallArguments arguments);

/// <summary>Evaluated arguments of a call or filter.</summary>
internal sealed record CallArguments(IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    /// <summary>An argument by position or name, else <paramref name="otherwise"/>.</summary>
    public object? Get(int position, string name, object? otherwise = null) =>
        position < Positional.Count ? Positional[position] : Named.TryGetValue(name, out var value) ? value : otherwise;

    public long Integer(int position, string name, long otherwise) => Get(position, name) switch
    {
        null => otherwise,
        long number => number,
        bool truth => truth ? 1 : 0,
        _ => throw new TemplateException($"The template passes no whole number as '{name}'."),
    };

    public string Text(int position, string name, string otherwise = "") => Get(position, name) switch
    {
        null => otherwise,
        MarkedText text => text.Text,
        _ => throw new TemplateException($"The template passes no text as '{name}'."),
    };
}

/// <summary>
/// Values of the template language: null, <see cref="Undefined"/>, <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>,
/// <see cref="MarkedText"/>, <see cref="List{T}"/>, <see cref="TemplateMap"/>, <see cref="TemplateFunction"/>. Rules are Python's.
/// </summary>
internal static class TemplateValues
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool truth => truth,
        long number => number != 0,
        double real => real != 0,
        MarkedText text => text.Length > 0,
        List<object?> list => list.Count > 0,
        TemplateMap map => map.Count > 0,
        _ => true,
    };

    public static bool Equals(object? left, object? right, TemplateBudget budget)
    {
        budget.Charge(1);
        if (ReferenceEquals(left, right) && left is not double)
        {
            return true; // NaN alone differs from itself
        }

        switch (left, right)
        {
            case (MarkedText a, MarkedText b):
                budget.ChargeText(a.Length == b.Length ? a.Length : 0);
                return a.Text == b.Text;
            case (List<object?> or TemplateMap, List<object?> or TemplateMap):
                budget.Enter();
                var equal = EqualParts(left, right, budget);
                budget.Leave();
                return equal;
            default:
                return CompareNumbers(left, right) is 0;
        }
    }

    public static int Compare(object? left, object? right, TemplateBudget budget)
    {
        budget.Charge(1);
        switch (left, right)
        {
            case (MarkedText a, MarkedText b):
                budget.ChargeText(Math.Min(a.Length, b.Length));
                return string.CompareOrdinal(a.Text, b.Text);
            case (List<object?> a, List<object?> b):
                budget.Enter();
                var order = CompareLists(a, b, budget);
                budget.Leave();
                return order;
            default:
                return CompareNumbers(left, right) ?? (AsNumber(left) is null || AsNumber(right) is null
                    ? throw new TemplateException($"The template compares {TypeName(left)} with {TypeName(right)}.")
                    : ((double)AsNumber(left)!).CompareTo((double)AsNumber(right)!)); // NaN comes first
        }
    }

    public static bool Contains(object? container, object? item, TemplateBudget budget) => container switch
    {
        MarkedText text => item is MarkedText part && new TextSearch(part.Text, budget).Find(text.Text, 0) >= 0,
        List<object?> list => list.Exists(i => Equals(i, item, budget)),
        TemplateMap map => item is MarkedText key && map.Contains(Key(key, budget)),
        Undefined => false,
        _ => throw new TemplateException($"The template looks for something in {TypeName(container)}."),
    };

    /// <summary>The text of a key that is looked up, which reads all of it.</summary>
    public static string Key(MarkedText key, TemplateBudget budget)
    {
        budget.ChargeText(key.Length);
        return key.Text;
    }

    public static double? AsNumber(object? value) => value switch
    {
        bool truth => truth ? 1 : 0,
        long number => number,
        double real => real,
        _ => null,
    };

    /// <summary>A number or truth value as a whole number; null for anything else, and for a real without one.</summary>
    public static long? AsWhole(object? value) => value switch
    {
        bool truth => truth ? 1 : 0,
        long number => number,
        double real and > -9.2e18 and < 9.2e18 => (long)real,
        _ => null,
    };

    /// <summary>The items of a list, keys of a map, characters of a text. The list may be the value itself.</summary>
    public static List<object?> Items(object? value, TemplateBudget budget) => value switch
    {
        List<object?> list => list,
        TemplateMap map => Keys(map, budget),
        MarkedText text => Characters(text, budget),
        Undefined => [],
        _ => throw new TemplateException($"The template goes through {TypeName(value)} as if it were a list."),
    };

    /// <summary>The value as output, as Python would print it.</summary>
    public static MarkedText Print(object? value, TemplateBudget budget) => value switch
    {
        MarkedText text => text,
        Undefined => MarkedText.Empty,
        null or bool or long or double => budget.Made(MarkedText.FromTemplate(TemplateWriter.PrintScalar(value))),
        _ => budget.Made(MarkedText.FromCaller(TemplateWriter.Represent(value, budget))),
    };

    /// <summary>Sorts by keys and keeps the order of equal ones.</summary>
    /// <remarks>A merge sort of our own: .NET's hides what a comparison throws, and may fail on an order that contradicts
    /// itself.</remarks>
    public static List<object?> Sort(List<object?> items, List<object?> keys, bool descending, TemplateBudget budget)
    {
        budget.AllocateList(4L * items.Count);
        var (from, to) = (Enumerable.Range(0, items.Count).ToArray(), new int[items.Count]);
        for (var width = 1; width < items.Count; width *= 2)
        {
            for (var start = 0; start < items.Count; start += 2 * width)
            {
                var (left, middle) = (start, Math.Min(start + width, items.Count));
                var (right, end) = (middle, Math.Min(start + (2 * width), items.Count));
                for (var at = start; at < end; at++)
                {
                    var takeLeft = left < middle && (right == end || !IsBefore(from[right], from[left]));
                    to[at] = takeLeft ? from[left++] : from[right++];
                }
            }

            (from, to) = (to, from);
        }

        return [.. from.Select(i => items[i])];

        bool IsBefore(int one, int other)
        {
            var order = Compare(keys[one], keys[other], budget);
            return descending ? order > 0 : order < 0;
        }
    }

    public static string TypeName(object? value) => value switch
    {
        null => "none",
        Undefined => "an undefined value",
        bool => "a truth value",
        long or double => "a number",
        MarkedText => "text",
        List<object?> => "a list",
        TemplateMap => "a map",
        _ => "a function",
    };

    /// <summary>Turns parsed JSON of a caller into values.</summary>
    public static object? FromJson(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => MarkedText.FromCaller(json.GetString()!),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => json.TryGetInt64(out var number) ? (object)number : json.GetDouble(),
        JsonValueKind.Array => json.EnumerateArray().Select(FromJson).ToList(),
        JsonValueKind.Object => FromObject(json),
        _ => null,
    };

    private static TemplateMap FromObject(JsonElement json)
    {
        var map = new TemplateMap();
        foreach (var property in json.EnumerateObject())
        {
            map[property.Name] = FromJson(property.Value);
        }

        return map;
    }

    private static bool EqualParts(object? left, object? right, TemplateBudget budget) => (left, right) switch
    {
        (List<object?> a, List<object?> b) => a.Count == b.Count && !a.Where((item, i) => !Equals(item, b[i], budget)).Any(),
        (TemplateMap a, TemplateMap b) => a.Count == b.Count && a.Entries.All(e =>
        {
            budget.ChargeText(e.Key.Length);
            return b.Contains(e.Key) && Equals(e.Value, b[e.Key], budget);
        }),
        _ => false,
    };

    private static int CompareLists(List<object?> left, List<object?> right, TemplateBudget budget)
    {
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            if (!Equals(left[i], right[i], budget))
            {
                return Compare(left[i], right[i], budget);
            }
        }

        return left.Count.CompareTo(right.Count);
    }

    /// <summary>Whole numbers exactly, others as reals; null where one is no number, or NaN.</summary>
    private static int? CompareNumbers(object? left, object? right)
    {
        if (left is bool or long && right is bool or long)
        {
            return AsWhole(left)!.Value.CompareTo(AsWhole(right)!.Value);
        }

        return AsNumber(left) is { } a && AsNumber(right) is { } b && !double.IsNaN(a) && !double.IsNaN(b) ? a.CompareTo(b) : null;
    }

    private static List<object?> Keys(TemplateMap map, TemplateBudget budget)
    {
        budget.AllocateList(map.Count);
        return [.. map.Entries.Select(e => (object?)budget.Made(MarkedText.FromCaller(e.Key)))];
    }

    private static List<object?> Characters(MarkedText text, TemplateBudget budget)
    {
        budget.AllocateList(text.Length);
        var characters = new List<object?>();
        foreach (var (segment, fromTemplate) in text.Segments)
        {
            for (var at = 0; at < segment.Length;)
            {
                var length = char.IsSurrogatePair(segment, at) ? 2 : 1;
                var character = segment.Substring(at, length);
                characters.Add(budget.Made(fromTemplate ? MarkedText.FromTemplate(character) : MarkedText.FromCaller(character)));
                at += length;
            }
        }

        return characters;
    }
}
