using System.Text.Json;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>The JSON arrays that meet a schema.</summary>
internal sealed class ArrayGrammar(SchemaCompiler compiler, Constraints constraints)
{
    private const int MostOrders = 8;
    private const int MostUnique = 500;
    private const int MostPrefix = 1_000;

    private readonly int _prefix = ItemSchemas.PrefixLength(constraints);

    /// <exception cref="SchemaException">Its items cannot be counted or compared.</exception>
    public GrammarNode Make()
    {
        if (constraints.MinItems > SchemaLimits.LeastCount || _prefix > MostPrefix)
        {
            throw new SchemaException(constraints.Path, $"minItems above {SchemaLimits.LeastCount} is not supported.");
        }

        return GrammarParts.Sequence(GrammarParts.Text("["), Items(), GrammarParts.Text("]"));
    }

    private int Least => (int)constraints.MinItems;

    private int? Most => constraints.MaxItems switch
    {
        null or > SchemaLimits.EndlessCount => null,
        { } most => (int)Math.Min(most, Math.Max(SchemaLimits.MostCount, constraints.MinItems)),
    };

    private GrammarNode Items()
    {
        var contains = constraints.Contains.Where(part => part.Least > 0 || part.Most is not null).ToList();
        if (constraints.UniquePath is { } path && Most is null or > 1)
        {
            return contains.Count == 0 && _prefix == 0
                ? Unique(path)
                : throw new SchemaException(path, "uniqueItems cannot be combined with contains or items of different schemas.");
        }

        if (contains.Count > 1)
        {
            throw new SchemaException(contains[1].Path, "contains: only one of them can hold for an array.");
        }

        return contains.Count == 1 ? Containing(contains[0]) : Plain();
    }

    private GrammarNode Item(int at) => compiler.Value(ItemSchemas.At(constraints, at));

    private GrammarNode Plain()
    {
        var rest = Item(_prefix);
        var own = Math.Min(_prefix, Most ?? int.MaxValue);
        var restLeast = Math.Max(0, Least - own);
        var restMost = Most - own;
        if (own == 0)
        {
            return GrammarParts.Separated(rest, restLeast, restMost);
        }

        GrammarNode tail = restMost == 0 ? GrammarParts.Empty
            : new GrammarNode.Repeat(GrammarParts.Sequence(GrammarParts.Comma, rest), restLeast, restMost);
        for (var at = own - 1; at >= 0; at--)
        {
            tail = at == 0 ? GrammarParts.Sequence(Item(0), tail) : GrammarParts.Sequence(GrammarParts.Comma, Item(at), tail);
            tail = at < Least ? tail : GrammarParts.Maybe(tail);
            if (at > 0 && own > 8)
            {
                tail = compiler.Rule(tail);
            }
        }

        return tail;
    }

    /// <summary>A rule for each number of items and each number of matches up to which they are counted.</summary>
    private GrammarNode Containing(ContainsPart contains)
    {
        var counted = contains.Most ?? contains.Least;
        var length = Most ?? Math.Max(Math.Max(_prefix, Least), contains.Least);
        if ((long)(length + 2) * (counted + 1) > SchemaLimits.CountedStates)
        {
            throw new SchemaException(contains.Path, "contains cannot be combined with so many items.");
        }

        var states = new GrammarNode[length + 1, counted + 1];
        for (var at = length; at >= 0; at--)
        {
            for (var matches = counted; matches >= 0; matches--)
            {
                states[at, matches] = State(contains, states, at, matches, length);
            }
        }

        return states[0, 0];
    }

    private GrammarNode State(ContainsPart contains, GrammarNode[,] states, int at, int matches, int length)
    {
        List<GrammarNode> options = at >= Least && matches >= contains.Least ? [GrammarParts.Empty] : [];
        if (at == length && Most is not null)
        {
            return GrammarParts.Choice(options);
        }

        // The last state stands for all further items: its rule is made first, since it refers to itself.
        var loops = at == length;
        var rule = loops ? compiler.Reserve() : -1;
        var schemas = ItemSchemas.At(constraints, at);
        var counted = states.GetLength(1) - 1;
        var match = compiler.Value([.. schemas, contains.Item]);
        if (contains.Most is not null)
        {
            options.Add(Then(at, compiler.Value([.. schemas, compiler.Opposite(contains.Item)]), Next(matches)));
            options.AddRange(matches < counted ? [Then(at, match, Next(matches + 1))] : []);
        }
        else
        {
            options.Add(Then(at, compiler.Value(schemas), Next(matches)));
            options.AddRange(matches < counted ? [Then(at, match, Next(matches + 1))] : []);
        }

        if (!loops)
        {
            return compiler.Rule(GrammarParts.Choice(options));
        }

        compiler.Fill(rule, GrammarParts.Choice(options));
        return new GrammarNode.Rule(rule);

        GrammarNode Next(int count) => loops && count == matches ? new GrammarNode.Rule(rule) : states[Math.Min(at + 1, length), count];
    }

    private static GrammarNode Then(int at, GrammarNode item, GrammarNode next) =>
        at == 0 ? GrammarParts.Sequence(item, next) : GrammarParts.Sequence(GrammarParts.Comma, item, next);

    /// <summary>Items that all differ: the values are written out, in any order where they are few, else in the schema's.</summary>
    private GrammarNode Unique(string path)
    {
        var values = compiler.FiniteValues(ItemSchemas.At(constraints, 0));
        if (values is null || values.Count > MostUnique)
        {
            throw new SchemaException(path, $"uniqueItems: true needs items with an enum or a const of at most {MostUnique} values.");
        }

        return values.Count <= MostOrders ? AnyOrder(values) : InOrder(values);
    }

    private GrammarNode AnyOrder(IReadOnlyList<JsonElement> values)
    {
        var texts = values.Select(compiler.ValueText).ToList();
        var states = new GrammarNode[1 << texts.Count];
        for (var used = states.Length - 1; used >= 0; used--)
        {
            var count = System.Numerics.BitOperations.PopCount((uint)used);
            List<GrammarNode> options = count >= Least ? [GrammarParts.Empty] : [];
            for (var at = 0; at < texts.Count && !(count >= Most); at++)
            {
                if ((used & (1 << at)) == 0)
                {
                    options.Add(Then(count, texts[at], states[used | (1 << at)]));
                }
            }

            states[used] = compiler.Rule(GrammarParts.Choice(options));
        }

        return states[0];
    }

    private GrammarNode InOrder(IReadOnlyList<JsonElement> values)
    {
        // Beyond the lower bound, and up to the upper one, the count no longer matters.
        var counted = Math.Min(values.Count, Most ?? Math.Max(1, Least));
        var next = new GrammarNode[counted + 1];
        for (var count = 0; count <= counted; count++)
        {
            next[count] = count >= Least ? GrammarParts.Empty : GrammarParts.Nothing;
        }

        if ((long)values.Count * (counted + 1) > SchemaLimits.CountedStates)
        {
            throw new SchemaException(constraints.Path, "uniqueItems cannot be combined with so many values.");
        }

        for (var at = values.Count - 1; at >= 0; at--)
        {
            var now = new GrammarNode[counted + 1];
            for (var count = 0; count <= counted; count++)
            {
                List<GrammarNode> options = [next[count]];
                if (count < counted || Most is null)
                {
                    options.Add(Then(count, compiler.ValueText(values[at]), next[Math.Min(counted, count + 1)]));
                }

                now[count] = compiler.Rule(GrammarParts.Choice(options));
            }

            next = now;
        }

        return next[0];
    }
}
