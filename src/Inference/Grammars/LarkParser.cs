namespace Tollgate.Inference.Grammars;

/// <summary>
/// Reads a subset of Lark: rules, terminals, strings with the flag <c>i</c>, ranges, regular expressions, <c>| ? * + ~n ~n..m [ ] ( )</c>,
/// <c>%ignore</c> and <c>%import common.NAME</c>. The start is <c>start</c>. A text may be read in any way: there is no lexer that
/// prefers the longest terminal. Aliases and priorities change nothing.
/// </summary>
internal sealed class LarkParser
{
    private const string Ignored = "%ignore";
    private readonly GrammarSource _source;
    private readonly LarkTerminals _terminals;
    private readonly RuleNames _names;
    private readonly GrammarBudget _budget;
    private readonly bool _ignores;
    private readonly List<GrammarNode> _ignored = [];
    private bool _inTerminal;

    private LarkParser(string text, GrammarBudget budget)
    {
        _source = new GrammarSource(text, "Lark");
        _budget = budget;
        _names = new RuleNames(_source);
        _terminals = new LarkTerminals(_source, budget);
        _ignores = text.Contains(Ignored, StringComparison.Ordinal);
    }

    /// <exception cref="GrammarException">It is no grammar; the message names the line and what is at fault.</exception>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public static Grammar Parse(string text, GrammarBudget budget)
    {
        budget.CheckSource(text);
        return new LarkParser(text, budget).Run();
    }

    private Grammar Run()
    {
        Space(overLines: true);
        while (!_source.AtEnd)
        {
            if (_source.Here == '%')
            {
                Directive();
            }
            else
            {
                Definition();
            }

            if (!_source.AtEnd && _source.Here is not ('\n' or '\r'))
            {
                throw _source.Wrong($"'{_source.Here}' where a definition should end");
            }

            Space(overLines: true);
        }

        if (!_ignores)
        {
            return WithTerminalsChecked(_names.ToGrammar("start"));
        }

        _names.Define(Ignored, new GrammarNode.Repeat(new GrammarNode.Choice(_ignored), 0, null), line: 1);
        var first = new GrammarNode.Sequence(
            [new GrammarNode.Rule(_names.NumberOf(Ignored)), new GrammarNode.Rule(_names.NumberOf("start"))]);
        _names.ToGrammar("start"); // Names the start as the client wrote it.
        _names.Define("%start", first, line: 1);
        return WithTerminalsChecked(_names.ToGrammar("%start"));
    }

    /// <summary>A terminal is regular: it must not refer to itself.</summary>
    private static Grammar WithTerminalsChecked(Grammar grammar)
    {
        List<List<int>> references = [];
        foreach (var rule in grammar.Rules)
        {
            List<int> of = [];
            GrammarFacts.References(rule, of);
            references.Add(of);
        }

        var circles = GrammarFacts.Circles(references);
        for (var rule = 0; rule < circles.Length; rule++)
        {
            if (circles[rule] >= 0 && LarkTerminals.IsTerminal(grammar.NameOf(rule)))
            {
                throw new GrammarException($"The terminal '{grammar.NameOf(rule)}' of the Lark grammar refers to itself.");
            }
        }

        return grammar;
    }

    private void Definition()
    {
        var line = _source.Line;
        _source.TakeWhile(c => c is '?' or '!');
        var name = Name();
        if (name.Length == 0)
        {
            throw _source.Wrong($"'{_source.Here}' where a definition should begin");
        }

        if (_source.Take("."))
        {
            _source.Take("-");
            _source.Number();
        }

        if (_source.Here == '{')
        {
            throw _source.Wrong($"the template '{name}', which is not supported,");
        }

        Space(overLines: false);
        _source.Expect(":", $"no ':' behind '{name}'");
        _inTerminal = LarkTerminals.IsTerminal(name);
        _names.Define(name, Choice(), line);
        _inTerminal = false;
    }

    private void Directive()
    {
        if (_source.Take(Ignored))
        {
            Space(overLines: false);
            _inTerminal = true;
            _ignored.Add(Choice());
            _inTerminal = false;
        }
        else if (_source.Take("%import"))
        {
            Import();
        }
        else
        {
            var directive = _source.TakeWhile(c => !char.IsWhiteSpace(c));
            throw _source.Wrong($"'{directive}', which is not supported,");
        }
    }

    private void Import()
    {
        Space(overLines: false);
        var line = _source.Line;
        _source.Expect("common.", "an import that is not from 'common', which is not supported,");
        var name = Name();
        Space(overLines: false);
        var local = name;
        if (_source.Take("->"))
        {
            Space(overLines: false);
            local = Name();
        }

        Space(overLines: false);
        _names.Define(local, _terminals.Common(name), line);
    }

    private GrammarNode Choice()
    {
        GrammarBudget.CheckDepth();
        List<GrammarNode> options = [];
        do
        {
            options.Add(Sequence());
        }
        while (TakeBar());
        return options.Count == 1 ? options[0] : new GrammarNode.Choice(options);
    }

    /// <summary>A bar, which may stand on a line below.</summary>
    private bool TakeBar()
    {
        var before = _source.At;
        Space(overLines: true);
        if (_source.Take("|"))
        {
            return true;
        }

        _source.Return(before);
        return false;
    }

    private GrammarNode Sequence()
    {
        List<GrammarNode> parts = [];
        while (true)
        {
            Space(overLines: false);
            if (_source.Take("->"))
            {
                Space(overLines: false);
                Name();
                Space(overLines: false);
                break;
            }

            if (Item() is not { } item)
            {
                break;
            }

            _budget.TakeNodes(1);
            parts.Add(Repeated(item));
        }

        return parts.Count == 1 ? parts[0] : new GrammarNode.Sequence(parts);
    }

    /// <summary>The item that begins here; null where none does.</summary>
    private GrammarNode? Item()
    {
        if (_source.Take("("))
        {
            return Inside(")", "a '(' without a ')'");
        }

        if (_source.Take("["))
        {
            return new GrammarNode.Repeat(Inside("]", "a '[' without a ']'"), 0, 1);
        }

        if (_source.Here == '"' || (_source.Here == '/' && !_source.StartsWith("//")))
        {
            return Whole(_terminals.Literal());
        }

        var name = Name();
        if (name.Length == 0)
        {
            return null;
        }

        if (_source.Here == '{')
        {
            throw _source.Wrong($"the template '{name}', which is not supported,");
        }

        var isTerminal = LarkTerminals.IsTerminal(name);
        if (_inTerminal && !isTerminal)
        {
            throw _source.Wrong($"the rule '{name}' inside a terminal");
        }

        var rule = new GrammarNode.Rule(_names.NumberOf(name));
        return isTerminal ? Whole(rule) : rule;
    }

    private GrammarNode Inside(string end, string what)
    {
        var inside = Choice();
        Space(overLines: true);
        _source.Expect(end, what);
        return inside;
    }

    /// <summary>A terminal in a rule, with what may be ignored behind it.</summary>
    private GrammarNode Whole(GrammarNode terminal) =>
        _ignores && !_inTerminal
            ? new GrammarNode.Sequence([terminal, new GrammarNode.Rule(_names.NumberOf(Ignored))])
            : terminal;

    private GrammarNode Repeated(GrammarNode item)
    {
        while (true)
        {
            if (_source.Take("*"))
            {
                item = new GrammarNode.Repeat(item, 0, null);
            }
            else if (_source.Take("+"))
            {
                item = new GrammarNode.Repeat(item, 1, null);
            }
            else if (_source.Take("?"))
            {
                item = new GrammarNode.Repeat(item, 0, 1);
            }
            else if (TakeTilde())
            {
                Space(overLines: false);
                var least = _source.Number();
                var most = least;
                var behind = _source.At;
                Space(overLines: false);
                if (_source.Take(".."))
                {
                    Space(overLines: false);
                    most = _source.Number();
                }
                else
                {
                    _source.Return(behind);
                }

                item = most < least
                    ? throw _source.Wrong($"the count ~{least}..{most}, whose bounds are the wrong way round,")
                    : new GrammarNode.Repeat(item, least, most);
            }
            else
            {
                return item;
            }
        }
    }

    private bool TakeTilde()
    {
        var before = _source.At;
        Space(overLines: false);
        if (_source.Take("~"))
        {
            return true;
        }

        _source.Return(before);
        return false;
    }

    private string Name() => _source.TakeWhile(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private void Space(bool overLines)
    {
        while (true)
        {
            _source.TakeWhile(c => c is ' ' or '\t' || (overLines && c is ('\r' or '\n')));
            if (!_source.StartsWith("//") && _source.Here != '#')
            {
                return;
            }

            _source.TakeWhile(c => c is not ('\r' or '\n'));
        }
    }
}
