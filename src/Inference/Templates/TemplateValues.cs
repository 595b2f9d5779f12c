using System.Globalization;
using System.Text;
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
    private const int MostDepth = 64;

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool truth => truth,
        long number => number != 0,
        double real => real != 0,
        MarkedText text => text.Text.Length > 0,
        List<object?> list => list.Count > 0,
        TemplateMap map => map.Count > 0,
        _ => true,
    };

    public new static bool Equals(object? left, object? right) => (left, right) switch
    {
        (null, null) => true,
        (MarkedText a, MarkedText b) => a.Text == b.Text,
        (List<object?> a, List<object?> b) => a.Count == b.Count && a.Zip(b).All(p => Equals(p.First, p.Second)),
        (TemplateMap a, TemplateMap b) => a.Count == b.Count && a.Entries.All(e => b.Contains(e.Key) && Equals(e.Value, b[e.Key])),
        _ when AsNumber(left) is { } a && AsNumber(right) is { } b => a == b,
        _ => left is not null && ReferenceEquals(left, right),
    };

    public static int Compare(object? left, object? right) => (left, right) switch
    {
        (MarkedText a, MarkedText b) => string.CompareOrdinal(a.Text, b.Text),
        _ when AsNumber(left) is { } a && AsNumber(right) is { } b => a.CompareTo(b),
        (List<object?> a, List<object?> b) => CompareLists(a, b),
        _ => throw new TemplateException($"The template compares {TypeName(left)} with {TypeName(right)}."),
    };

    public static bool Contains(object? container, object? item) => container switch
    {
        MarkedText text => item is MarkedText part && text.Text.Contains(part.Text, StringComparison.Ordinal),
        List<object?> list => list.Exists(i => Equals(i, item)),
        TemplateMap map => item is MarkedText key && map.Contains(key.Text),
        Undefined => false,
        _ => throw new TemplateException($"The template looks for something in {TypeName(container)}."),
    };

    public static double? AsNumber(object? value) => value switch
    {
        bool truth => truth ? 1 : 0,
        long number => number,
        double real => real,
        _ => null,
    };

    /// <summary>The items of a list, keys of a map, characters of a text.</summary>
    public static List<object?> Items(object? value) => value switch
    {
        List<object?> list => list,
        TemplateMap map => [.. map.Entries.Select(e => (object?)MarkedText.FromCaller(e.Key))],
        MarkedText text => Characters(text),
        Undefined => [],
        _ => throw new TemplateException($"The template goes through {TypeName(value)} as if it were a list."),
    };

    /// <summary>The value as output, as Python would print it.</summary>
    public static MarkedText Print(object? value) => value switch
    {
        MarkedText text => text,
        Undefined => MarkedText.Empty,
        null or bool or long or double => MarkedText.FromTemplate(PrintPlain(value)),
        _ => MarkedText.FromCaller(Represent(value, 0)),
    };

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

    /// <summary>JSON as Python's <c>json.dumps(ensure_ascii=False)</c> writes it.</summary>
    /// <param name="indent">Blanks a level; null writes one line.</param>
    public static string ToJson(object? value, int? indent)
    {
        var json = new StringBuilder();
        WriteJson(value, indent, 0, json);
        return json.ToString();
    }

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

    private static int CompareLists(List<object?> left, List<object?> right)
    {
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            if (!Equals(left[i], right[i]))
            {
                return Compare(left[i], right[i]);
            }
        }

        return left.Count.CompareTo(right.Count);
    }

    private static List<object?> Characters(MarkedText text)
    {
        var characters = new List<object?>();
        var start = 0;
        foreach (var rune in text.Text.EnumerateRunes())
        {
            characters.Add(text.Slice(start, rune.Utf16SequenceLength));
            start += rune.Utf16SequenceLength;
        }

        return characters;
    }

    private static string PrintPlain(object? value) => value switch
    {
        null => "None",
        bool truth => truth ? "True" : "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double real => PrintReal(real),
        _ => "",
    };

    private static string PrintReal(double real)
    {
        if (!double.IsFinite(real))
        {
            return double.IsNaN(real) ? "nan" : real > 0 ? "inf" : "-inf";
        }

        var text = real.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
        return text.AsSpan().IndexOfAny('.', 'e') < 0 ? text + ".0" : text;
    }

    private static string Represent(object? value, int depth)
    {
        Guard(depth);
        return value switch
        {
            MarkedText text => RepresentText(text.Text),
            List<object?> list => $"[{string.Join(", ", list.Select(i => Represent(i, depth + 1)))}]",
            TemplateMap map =>
                $"{{{string.Join(", ", map.Entries.Select(e => $"{RepresentText(e.Key)}: {Represent(e.Value, depth + 1)}"))}}}",
            TemplateFunction => "<function>",
            _ => PrintPlain(value),
        };
    }

    private static string RepresentText(string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var escaped = text
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal)
            .Replace("\r", "\\r", StringComparison.Ordinal)
            .Replace("\t", "\\t", StringComparison.Ordinal);
        return quote + (quote == '\'' ? escaped.Replace("'", "\\'", StringComparison.Ordinal) : escaped) + quote;
    }

    private static void WriteJson(object? value, int? indent, int depth, StringBuilder json)
    {
        Guard(depth);
        switch (value)
        {
            case MarkedText text:
                WriteJsonText(text.Text, json);
                break;
            case null or Undefined:
                json.Append("null");
                break;
            case bool truth:
                json.Append(truth ? "true" : "false");
                break;
            case List<object?> list:
                WriteJsonItems('[', ']', list, indent, depth, json, item => WriteJson(item, indent, depth + 1, json));
                break;
            case TemplateMap map:
                WriteJsonItems('{', '}', [.. map.Entries], indent, depth, json, entry =>
                {
                    WriteJsonText(entry.Key, json);
                    json.Append(": ");
                    WriteJson(entry.Value, indent, depth + 1, json);
                });
                break;
            case TemplateFunction:
                throw new TemplateException("The template writes a function as JSON.");
            default:
                json.Append(PrintPlain(value));
                break;
        }
    }

    private static void WriteJsonItems<T>(
        char open, char close, List<T> items, int? indent, int depth, StringBuilder json, Action<T> write)
    {
        json.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            json.Append(i == 0 ? "" : indent is null ? ", " : ",");
            NewLine(depth + 1);
            write(items[i]);
        }

        if (items.Count > 0)
        {
            NewLine(depth);
        }

        json.Append(close);

        void NewLine(int level)
        {
            if (indent is { } width)
            {
                json.Append('\n').Append(' ', width * level);
            }
        }
    }

    private static void WriteJsonText(string text, StringBuilder json)
    {
        json.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                '\b' => json.Append("\\b"),
                '\f' => json.Append("\\f"),
                < ' ' => json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => json.Append(c),
            };
        }

        json.Append('"');
    }

    private static void Guard(int depth)
    {
        if (depth > MostDepth)
        {
            throw new TemplateException("The template writes a value that is nested too deeply.");
        }
    }
}
