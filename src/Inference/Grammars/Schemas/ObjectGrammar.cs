namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>The JSON objects that meet a schema: listed members in the schema's order, then others.</summary>
internal sealed class ObjectGrammar(SchemaCompiler compiler, Constraints constraints)
{
    private const int MostDistinct = 4;

    private readonly MemberSchemas _members = new(constraints, compiler.Strings, compiler.Expander);
    private readonly List<(GrammarNode Node, bool Required)> _listed = [];
    private IReadOnlyList<(Dfa Names, GrammarNode Value)> _unlisted = [];
    private GrammarNode? _other;

    /// <exception cref="SchemaException">Its members cannot be counted.</exception>
    public GrammarNode Make()
    {
        if (!List())
        {
            return GrammarParts.Nothing;
        }

        _unlisted = [.. _members.Unlisted().Select(one => (one.Names, compiler.Value(one.Schemas)))];
        _other = _unlisted.Count == 0
            ? null
            : compiler.Rule(GrammarParts.Choice([.. _unlisted.Select(one => Other(one.Names, one.Value))]));
        var required = _listed.Count(member => member.Required);
        var isCounted = constraints.MinProperties > required
            || constraints.MaxProperties < (_other is null ? _listed.Count : long.MaxValue);
        return GrammarParts.Sequence(GrammarParts.Text("{"), isCounted ? Counted() : Free(), GrammarParts.Text("}"));
    }

    /// <summary>Fills the listed members; false where a required one is not allowed.</summary>
    private bool List()
    {
        var required = constraints.Required.ToHashSet(StringComparer.Ordinal);
        foreach (var name in _members.Listed)
        {
            if (constraints.Absent.Contains(name) || !_members.AllowsName(name))
            {
                if (required.Contains(name))
                {
                    return false;
                }

                continue;
            }

            var key = GrammarParts.Sequence(GrammarParts.Text(JsonValueText.Quoted(name) + ":"), GrammarParts.Space);
            _listed.Add((GrammarParts.Sequence(key, compiler.Value(_members.Of(name))), required.Contains(name)));
        }

        return true;
    }

    private static GrammarNode Other(Dfa names, GrammarNode value) => GrammarParts.Sequence(
        GrammarParts.Text("\""), new GrammarNode.Language(names), GrammarParts.Text("\""), GrammarParts.Colon, value);

    /// <summary>Members without a bound on their number.</summary>
    private GrammarNode Free()
    {
        var required = _listed.FindIndex(member => member.Required);
        if (required < 0)
        {
            return _listed.Count == 0
                ? Others(0, null)
                : GrammarParts.Choice(GrammarParts.Sequence([First(0, _listed.Count), .. Rest(_listed.Count)]), Others(0, null));
        }

        List<GrammarNode> before = required == 0
            ? []
            : [GrammarParts.Maybe(GrammarParts.Sequence(First(0, required), GrammarParts.Comma))];
        return GrammarParts.Sequence([.. before, _listed[required].Node, .. Rest(required + 1)]);
    }

    /// <summary>
    /// One or more optional members of a range, the first of them without a comma. Halves keep it short: the second half follows the first
    /// one or stands alone.
    /// </summary>
    private GrammarNode First(int from, int to)
    {
        if (to - from == 1)
        {
            return _listed[from].Node;
        }

        var middle = (from + to) / 2;
        return GrammarParts.Choice(
            GrammarParts.Sequence([First(from, middle), .. Enumerable.Range(middle, to - middle).Select(Following)]), First(middle, to));
    }

    private GrammarNode Following(int at)
    {
        var member = GrammarParts.Sequence(GrammarParts.Comma, _listed[at].Node);
        return _listed[at].Required ? member : GrammarParts.Maybe(member);
    }

    /// <summary>What follows a member, from one listed member on.</summary>
    private List<GrammarNode> Rest(int from)
    {
        List<GrammarNode> parts = [.. Enumerable.Range(from, _listed.Count - from).Select(Following)];
        if (_other is not null)
        {
            parts.Add(new GrammarNode.Repeat(GrammarParts.Sequence(GrammarParts.Comma, _other), 0, null));
        }

        return parts;
    }

    /// <summary>Members of other names alone, at the object's beginning.</summary>
    private GrammarNode Others(int least, int? most) => _other is not null
        ? GrammarParts.Separated(_other, least, most)
        : least == 0 ? GrammarParts.Empty : GrammarParts.Nothing;

    /// <summary>Members whose number has bounds: a rule for each listed member and each number of members before it.</summary>
    private GrammarNode Counted()
    {
        var most = (int)Math.Min(_listed.Count, constraints.MaxProperties ?? int.MaxValue);
        if ((long)(_listed.Count + 1) * (most + 1) > SchemaLimits.CountedStates)
        {
            throw new SchemaException(constraints.Path, "minProperties and maxProperties cannot be combined with so many properties.");
        }

        var next = new GrammarNode[most + 1];
        for (var count = 0; count <= most; count++)
        {
            next[count] = compiler.Rule(End(count));
        }

        for (var at = _listed.Count - 1; at >= 0; at--)
        {
            var now = new GrammarNode[most + 1];
            for (var count = 0; count <= most; count++)
            {
                List<GrammarNode> options = _listed[at].Required ? [] : [next[count]];
                if (count < most)
                {
                    options.Add(count == 0
                        ? GrammarParts.Sequence(_listed[at].Node, next[1])
                        : GrammarParts.Sequence(GrammarParts.Comma, _listed[at].Node, next[count + 1]));
                }

                now[count] = compiler.Rule(GrammarParts.Choice(options));
            }

            next = now;
        }

        return next[0];
    }

    /// <summary>What follows all listed members, of which some were written.</summary>
    private GrammarNode End(int count)
    {
        var least = (int)Math.Clamp(constraints.MinProperties - count, 0, int.MaxValue);
        var most = constraints.MaxProperties is { } limit && limit <= SchemaLimits.EndlessCount
            ? (int?)Math.Max(least, Math.Min(limit - count, SchemaLimits.MostCount))
            : null;
        if (constraints.MaxProperties - count < least)
        {
            return GrammarParts.Nothing;
        }

        if (_other is null || least < 2)
        {
            return count == 0 ? Others(least, most)
                : _other is not null ? new GrammarNode.Repeat(GrammarParts.Sequence(GrammarParts.Comma, _other), least, most)
                : least == 0 ? GrammarParts.Empty : GrammarParts.Nothing;
        }

        return Distinct(count, least, most - least);
    }

    /// <summary>
    /// Members of other names whose first ones certainly differ: their last bytes lie in different classes. A grammar cannot compare names.
    /// </summary>
    private GrammarNode Distinct(int count, int least, int? more)
    {
        if (least > MostDistinct)
        {
            throw new SchemaException(constraints.Path,
                $"minProperties: at most {MostDistinct} members beyond those of properties can be asked for.");
        }

        var members = Enumerable.Range(0, least).Select(remainder => compiler.Rule(GrammarParts.Choice([.. _unlisted.Select(one =>
            Other(one.Names.Intersect(EndingIn(least, remainder), compiler.Budget), one.Value))]))).ToList();
        var rest = new GrammarNode.Repeat(GrammarParts.Sequence(GrammarParts.Comma, _other!), 0, more);
        return GrammarParts.Choice([.. Enumerable.Range(0, least).Select(turn =>
        {
            List<GrammarNode> parts = [];
            for (var at = 0; at < least; at++)
            {
                parts.AddRange(count + at == 0 ? [] : [GrammarParts.Comma]);
                parts.Add(members[(turn + at) % least]);
            }

            return GrammarParts.Sequence([.. parts, rest]);
        })]);
    }

    private Dfa EndingIn(int classes, int remainder)
    {
        var nfa = new Nfa(compiler.Budget);
        var (start, end) = (nfa.AddState(), nfa.AddState());
        nfa.AddBytes(start, 0, 255, start);
        for (var value = remainder; value < 256; value += classes)
        {
            nfa.AddBytes(start, value, value, end);
        }

        return Dfa.Of(nfa, start, end, compiler.Budget);
    }
}
