namespace Tollgate.Inference.Templates;

/// <summary>Members, items and methods of values.</summary>
internal static class TemplateMembers
{
    /// <summary><c>target.key</c> and <c>target[key]</c>.</summary>
    /// <exception cref="TemplateException">The target has no members at all.</exception>
    public static object? Get(object? target, object? key, TemplateInterpreter interpreter) => (target, key) switch
    {
        (TemplateMap map, MarkedText name) when map.Contains(name.Text) => map[name.Text],
        (TemplateMap map, MarkedText name) => MapMethod(map, name.Text),
        (List<object?> list, long index) => Item(list.Count, index) is { } at ? list[at] : Undefined.Value,
        (MarkedText text, long index) => Item(text.Text.Length, index) is { } at ? text.Slice(at, 1) : Undefined.Value,
        (MarkedText text, MarkedText name) => TextMethods.Find(text, name.Text, interpreter),
        (Undefined, _) => throw new TemplateException($"The template reads '{TemplateValues.Print(key).Text}' of an undefined value."),
        _ => Undefined.Value,
    };

    /// <summary><c>target[start:stop:step]</c>, with Python's rules for bounds.</summary>
    public static object Slice(object? target, long? start, long? stop, long? step)
    {
        var count = target switch
        {
            List<object?> list => list.Count,
            MarkedText text => text.Text.Length,
            _ => throw new TemplateException($"The template slices {TemplateValues.TypeName(target)}."),
        };
        var by = step ?? 1;
        if (by == 0)
        {
            throw new TemplateException("The template slices with step 0.");
        }

        var (least, most) = by > 0 ? (0L, (long)count) : (-1L, count - 1L);
        var from = start is { } s ? Math.Clamp(s < 0 ? s + count : s, least, most) : by > 0 ? least : most;
        var to = stop is { } e ? Math.Clamp(e < 0 ? e + count : e, least, most) : by > 0 ? most : least;
        if (target is MarkedText whole && by == 1)
        {
            return whole.Slice((int)from, (int)Math.Max(to - from, 0));
        }

        var indices = new List<int>();
        for (var i = from; by > 0 ? i < to : i > to; i += by)
        {
            indices.Add((int)i);
        }

        return target is MarkedText source
            ? source.With(string.Concat(indices.Select(i => source.Text[i])))
            : indices.Select(i => ((List<object?>)target)[i]).ToList();
    }

    private static int? Item(int count, long index)
    {
        index = index < 0 ? index + count : index;
        return index >= 0 && index < count ? (int)index : null;
    }

    private static object MapMethod(TemplateMap map, string name) => name switch
    {
        "items" => (TemplateFunction)(_ => Pairs(map)),
        "keys" => (TemplateFunction)(_ => TemplateValues.Items(map)),
        "values" => (TemplateFunction)(_ => map.Entries.Select(e => e.Value).ToList()),
        "get" => (TemplateFunction)(a => a.Get(0, "key") is MarkedText key && map.Contains(key.Text) ? map[key.Text] : a.Get(1, "default")),
        _ => Undefined.Value,
    };

    /// <summary>Keys and values as lists of two.</summary>
    public static List<object?> Pairs(TemplateMap map) =>
        [.. map.Entries.Select(e => (object?)new List<object?> { MarkedText.FromCaller(e.Key), e.Value })];
}
