using System.Text;

namespace Tollgate.Inference.Grammars;

/// <summary>
/// Reads GBNF, llama.cpp's language of grammars: <c>name ::= "text" [a-z] other | ( … )* {2,5}</c>. The start is <c>root</c>.
/// </summary>
internal sealed class GbnfParser
{
    private readonly GrammarSource _source;
    private readonly GrammarBudget _budget;
    private readonly RuleNames _names;
    private readonly Dictionary<string, GrammarNode> _sets = new(StringComparer.Ordinal);

    private GbnfParser(string text, GrammarBudget budget)
    {
        _source = new GrammarSource(text, "GBNF");
        _budget = budget;
        _names = new RuleNames(_source);
    }

    /// <exception cref="GrammarException">It is no grammar; the message names the line and what is at fault.</exception>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public static Grammar Parse(string text, GrammarBudget budget)
    {
        budget.CheckSource(text);
        var parser = new GbnfParser(text, budget);
        parser.Space(overLines: true);
        while (!parser._source.AtEnd)
        {
            parser.Rule();
        }

        return parser._names.ToGrammar("root");
    }

    private void Rule()
    {
        var line = _source.Line;
        var name = _source.TakeWhile(IsNameCharacter);
        if (name.Length == 0)
        {
            throw _source.Wrong($"'{_source.Here}' where a rule should begin");
        }

        Space(overLines: false);
        _source.Expect("::=", $"no '::=' behind '{name}'");
        Space(overLines: true);
        _names.Define(name, Choice(inGroup: false), line);
        if (!_source.AtEnd && _source.Here is not ('\n' or '\r'))
        {
            throw _source.Wrong($"'{_source.Here}' where a rule should end");
        }

        Space(overLines: true);
    }

    private GrammarNode Choice(bool inGroup)
    {
        GrammarBudget.CheckDepth();
        List<GrammarNode> options = [Sequence(inGroup)];
        while (_source.Take("|"))
        {
            Space(overLines: true);
            options.Add(Sequence(inGroup));
        }

        return options.Count == 1 ? options[0] : new GrammarNode.Choice(options);
    }

    private GrammarNode Sequence(bool inGroup)
    {
        List<GrammarNode> parts = [];
        while (Item(inGroup) is { } item)
        {
            Space(inGroup);
            while (Repeated(item) is { } repeated)
            {
                item = repeated;
                Space(inGroup);
            }

            _budget.TakeNodes(1);
            parts.Add(item);
        }

        return parts.Count == 1 ? parts[0] : new GrammarNode.Sequence(parts);
    }

    /// <summary>The item that begins here; null where none does.</summary>
    private GrammarNode? Item(bool inGroup)
    {
        if (_source.Take("\""))
        {
            var text = new StringBuilder();
            while (!_source.Take("\""))
            {
                text.Append(char.ConvertFromUtf32(CodePoint("a string")));
            }

            return new GrammarNode.Literal(Encoding.UTF8.GetBytes(text.ToString()));
        }

        if (_source.Take("["))
        {
            return Class();
        }

        if (_source.Take("("))
        {
            Space(overLines: true);
            var group = Choice(inGroup: true);
            _source.Expect(")", "a '(' without a ')'");
            return group;
        }

        if (_source.Take("."))
        {
            return Set(CodePoints.All);
        }

        if (_source.Here is '<' or '!')
        {
            throw _source.Wrong($"'{_source.Here}': tokens cannot be named,");
        }

        var begin = _source.At;
        var name = _source.TakeWhile(IsNameCharacter);
        if (name.Length == 0)
        {
            return null;
        }

        // In a group a rule cannot begin; outside, a name with '::=' behind it is the next rule, and only a line's end was forgotten.
        var behind = _source.At;
        Space(overLines: false);
        if (!inGroup && _source.StartsWith("::="))
        {
            _source.Return(begin);
            throw _source.Wrong($"the rule '{name}' on the line of another");
        }

        _source.Return(behind);
        return new GrammarNode.Rule(_names.NumberOf(name));
    }

    private GrammarNode.Repeat? Repeated(GrammarNode item)
    {
        if (_source.Take("*"))
        {
            return new GrammarNode.Repeat(item, 0, null);
        }

        if (_source.Take("+"))
        {
            return new GrammarNode.Repeat(item, 1, null);
        }

        if (_source.Take("?"))
        {
            return new GrammarNode.Repeat(item, 0, 1);
        }

        if (!_source.Take("{"))
        {
            return null;
        }

        Space(overLines: true);
        var least = _source.Here == ',' ? 0 : _source.Number();
        int? most = least;
        Space(overLines: true);
        if (_source.Take(","))
        {
            Space(overLines: true);
            most = char.IsAsciiDigit(_source.Here) ? _source.Number() : null;
            Space(overLines: true);
        }

        _source.Expect("}", "a '{' without a '}'");
        return most < least
            ? throw _source.Wrong($"the count {{{least},{most}}}, whose bounds are the wrong way round,")
            : new GrammarNode.Repeat(item, least, most);
    }

    private GrammarNode Class()
    {
        var negated = _source.Take("^");
        List<(int First, int Last)> ranges = [];
        while (!_source.Take("]"))
        {
            var first = CodePoint("a '['");
            var last = first;
            if (_source.StartsWith("-") && !_source.StartsWith("-]"))
            {
                _source.Take("-");
                last = CodePoint("a '['");
            }

            ranges.Add(first <= last ? (first, last) : throw _source.Wrong("a range the wrong way round"));
        }

        var set = CodePoints.Union(ranges);
        return Set(negated ? CodePoints.Except(set) : set);
    }

    private GrammarNode Set(RegexNode.CharSet set)
    {
        var key = string.Join(',', set.Ranges);
        if (!_sets.TryGetValue(key, out var node))
        {
            _sets.Add(key, node = new GrammarNode.Language(Dfa.Of(set, _budget)));
        }

        return node;
    }

    private int CodePoint(string within)
    {
        _budget.Work(1);
        return _source.CodePoint(within);
    }

    private void Space(bool overLines)
    {
        while (true)
        {
            _source.TakeWhile(c => c is ' ' or '\t' || (overLines && c is ('\r' or '\n')));
            if (_source.Here != '#')
            {
                return;
            }

            _source.TakeWhile(c => c is not ('\r' or '\n'));
        }
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';
}
