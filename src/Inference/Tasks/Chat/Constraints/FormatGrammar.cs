using System.Text;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Grammars.Schemas;

namespace Tollgate.Inference.Tasks.Chat.Constraints;

/// <summary>Grammars of the formats that a client can ask for.</summary>
internal static class FormatGrammar
{
    /// <summary>What the format is, as a key: the same for the same texts.</summary>
    public static string KeyOf(OutputFormat format) => format switch
    {
        OutputFormat.AnyObject => "object",
        OutputFormat.Schema schema => $"schema {schema.Strict} {schema.Value.GetRawText()}",
        OutputFormat.Pattern pattern => $"pattern {pattern.Expression}",
        OutputFormat.Rules rules => $"rules {rules.Syntax} {rules.Text}",
        OutputFormat.OneOf some => $"one {string.Join('\0', some.Texts)}",
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>Adds the rules of a format behind those that are there, and returns its part.</summary>
    /// <param name="member">The member that is blamed where the format has none of its own.</param>
    /// <exception cref="AnswerException">The format cannot be used.</exception>
    public static GrammarNode Append(List<GrammarNode> rules, OutputFormat format, string member, GrammarBudget budget)
    {
        var blamed = MemberOf(format, member);
        try
        {
            return format switch
            {
                OutputFormat.AnyObject => Append(rules, SchemaGrammar.AnyObject(budget)),
                OutputFormat.Schema schema => SchemaGrammar.Append(rules, schema.Value, schema.Strict, budget),
                OutputFormat.Pattern pattern => new GrammarNode.Language(
                    Dfa.Of(RegexParser.Parse(Checked(pattern.Expression, budget), RegexAnchoring.Whole), budget)),
                OutputFormat.Rules { Syntax: GrammarSyntax.Gbnf } rule => Append(rules, GbnfParser.Parse(rule.Text, budget)),
                OutputFormat.Rules rule => Append(rules, LarkParser.Parse(rule.Text, budget)),
                OutputFormat.OneOf some => new GrammarNode.Choice(
                    [.. some.Texts.Select(text => new GrammarNode.Literal(Encoding.UTF8.GetBytes(text)))]),
                _ => throw new ArgumentOutOfRangeException(nameof(format)),
            };
        }
        catch (SchemaException exception)
        {
            throw new AnswerException(OpenAiError.InvalidFormat(
                exception.Path.Length == 0 ? blamed : $"{blamed}.{exception.Path}", ReasonOf(exception)));
        }
        catch (Exception exception) when (exception is GrammarException or GrammarTooLargeException)
        {
            throw new AnswerException(OpenAiError.InvalidFormat(blamed, exception.Message.TrimEnd('.')));
        }
    }

    /// <summary>Adds the rules of a grammar behind those that are there, and returns the part that is its start.</summary>
    public static GrammarNode Append(List<GrammarNode> rules, Grammar grammar)
    {
        var first = rules.Count;
        rules.AddRange(grammar.Rules.Select(rule => GrammarParts.Move(rule, first)));
        return new GrammarNode.Rule(first + grammar.Start);
    }

    /// <summary>The member that is blamed for a format.</summary>
    public static string MemberOf(OutputFormat format, string member) => format switch
    {
        OutputFormat.Schema schema => schema.Member,
        OutputFormat.Pattern pattern => pattern.Member,
        OutputFormat.Rules rules => rules.Member,
        OutputFormat.OneOf some => some.Member,
        _ => member,
    };

    /// <summary>What is wrong with a schema, without the place and the full stop.</summary>
    public static string ReasonOf(SchemaException exception)
    {
        var message = exception.Path.Length == 0 ? exception.Message : exception.Message[(exception.Path.Length + 2)..];
        return message.TrimEnd('.');
    }

    private static string Checked(string source, GrammarBudget budget)
    {
        budget.CheckSource(source);
        return source;
    }
}
