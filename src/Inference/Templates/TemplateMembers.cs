namespace Tollgate.Inference.Templates;

/// <summary>Members, items and methods of values.</summary>
internal static class TemplateMembers
{
    /// <summary>Bytes of a method that is bound to its value.</summary>
    private const int MethodBytes = 256;

    /// <summary><c>target.key</c> and <c>target[key]</c>.</summary>
    /// <exception cref="TemplateException">The target has no members at all.</exception>
    public static object? Get(object? target, object? key, TemplateBudget budget)
    {
        switch (target, key)
        {
            case (TemplateMap map, MarkedText name):
                return map.Contains(TemplateValues.Key(name, budget)) ? map[name.Text] : Method(MapMethod(map, name.Text, budget), budget);
            case (List<object?> list, long index):
                return Item(list.Count, index) is { } at ? list[at] : Undefined.Value;
            case (MarkedText text, long index):
                return Item(text.Length, index) is { } place ? text.Slice(place, 1, budget) : Undefined.Value;
            case (MarkedText text, MarkedText name):
                return Method(TextMethods.Find(text, TemplateValues.Key(name, budget), budget), budget);
            case (Undefined, _):
                throw new TemplateException($"The template reads '{TemplateValues.Print(key, budget).Text}' of an undefined value.");
            default:
                return Undefined.Value;
        }
    }

    /// <summary><c>target[start:stop:step]</c>, with Python's rules for bounds.</summary>
    public static object Slice(object? target, long? start, long? stop, long? step, TemplateBudget budget)
    {
        var count = target switch
        {
            List<object?> list => list.Count,
            MarkedText text => text.Length,
            _ => throw new TemplateException($"The template slices {TemplateValues.TypeName(target)}."),
        };
        if (step == 0)
        {
            throw new TemplateException("The template slices with step 0.");
        }

        var by = Math.Clamp(step ?? 1, -count - 1L, count + 1L); // a longer step takes one item too
        var (least, most) = by > 0 ? (0L, (long)count) : (-1L, count - 1L);
        var from = start is { } s ? Math.Clamp(s < 0 ? s + count : s, least, most) : by > 0 ? least : most;
        var to = stop is { } e ? Math.Clamp(e < 0 ? e + count : e, least, most) : by > 0 ? most : least;
        if (target is MarkedText whole && by == 1)
        {
            return whole.Slice((int)from, (int)Math.Max(to - from, 0), budget);
        }

        budget.AllocateList(Math.Max((to - from) / by, 0) + 1);
        var indices = new List<int>();
        for (var i = from; by > 0 ? i < to : i > to; i += by)
        {
            indices.Add((int)i);
        }

        return target is MarkedText source
            ? budget.Made(source.With(string.Concat(indices.Select(i => source.Text[i]))))
            : indices.Select(i => ((List<object?>)target!)[i]).ToList();
    }

    /// <summary>Keys and values as lists of two.</summary>
    public static List<object?> Pairs(TemplateMap map, TemplateBudget budget)
    {
        budget.AllocateList(map.Count);
        var pairs = new List<object?>();
        foreach (var (key, value) in map.Entries)
        {
            budget.AllocateList(2);
            pairs.Add(new List<object?> { budget.Made(MarkedText.FromCaller(key)), value });
        }

        return pairs;
    }

    private static int? Item(int count, long index)
    {
        index = index < 0 ? index + count : index;
        return index >= 0 && index < count ? (int)index : null;
    }

    private static object Method(TemplateFunction? method, TemplateBudget budget)
    {
        if (method is null)
        {
            return Undefined.Value;
        }

        budget.Allocate(MethodBytes);
        return method;
    }

    private static TemplateFunction? MapMethod(TemplateMap map, string name, TemplateBudget budget) => name switch
    {
        "items" => _ => Pairs(map, budget),
        "keys" => _ => TemplateValues.Items(map, budget),
        "values" => _ => Values(map, budget),
        "get" => a => a.Get(0, "key") is MarkedText key && map.Contains(TemplateValues.Key(key, budget))
            ? map[key.Text] : a.Get(1, "default"),
        _ => null,
    };

    private static List<object?> Values(TemplateMap map, TemplateBudget budget)
    {
        budget.AllocateList(map.Count);
        return [.. map.Entries.Select(e => e.Value)];
    }
}
