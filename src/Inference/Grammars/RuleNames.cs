namespace Tollgate.Inference.Grammars;

/// <summary>The rules of a grammar that is read: a rule may be referred to before it is written.</summary>
internal sealed class RuleNames(GrammarSource source)
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];
    private readonly List<GrammarNode?> _rules = [];
    private readonly List<int> _lines = [];

    /// <summary>The number of a rule; the line of its first mention is kept for a message.</summary>
    public int NumberOf(string name)
    {
        if (!_numbers.TryGetValue(name, out var number))
        {
            number = _names.Count;
            _numbers.Add(name, number);
            _names.Add(name);
            _rules.Add(null);
            _lines.Add(source.Line);
        }

        return number;
    }

    /// <summary>Whether a rule is written already.</summary>
    public bool IsDefined(string name) => _numbers.TryGetValue(name, out var number) && _rules[number] is not null;

    /// <exception cref="GrammarException">It is written already.</exception>
    public void Define(string name, GrammarNode node, int line)
    {
        var number = NumberOf(name);
        _rules[number] = _rules[number] is null ? node : throw source.WrongAt(line, $"the rule '{name}' twice, again");
    }

    /// <exception cref="GrammarException">The start or a rule that is referred to is missing.</exception>
    public Grammar ToGrammar(string start)
    {
        if (!IsDefined(start))
        {
            throw new GrammarException($"The grammar has no rule '{start}', with which it begins.");
        }

        for (var number = 0; number < _rules.Count; number++)
        {
            if (_rules[number] is null)
            {
                throw source.WrongAt(_lines[number], $"a reference to '{_names[number]}', which is not defined,");
            }
        }

        return new Grammar([.. _rules.OfType<GrammarNode>()], _numbers[start], _names);
    }
}
