using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Grammars.Schemas;
using Tollgate.Inference.Tools;

namespace Tollgate.Inference.Tasks.Chat.Constraints;

/// <summary>
/// The grammar of an answer: a format, calls, or both. Where the model chooses between text and calls, text is free up to the mark that
/// begins a call. A model that writes calls without a mark writes a call or a text that does not begin as one; where a function is strict,
/// a text that does not begin with a brace.
/// </summary>
/// <param name="opensThinking">Whether the prompt ends inside the model's thinking, which is free.</param>
internal sealed class AnswerGrammar(ConversationRequest request, CallSyntax syntax, bool opensThinking)
{
    private const string ThinkEnd = "</think>";

    /// <summary>Whether an answer to the request is held to anything.</summary>
    public static bool IsNeeded(ConversationRequest request) => request.Format is not null || request.Tools is not null;

    /// <summary>Whether the answer is held to the grammar from its first token on. Else it is free up to where a call begins, and the
    /// grammar is that of the text from there.</summary>
    public bool IsWhole => request.Format is not null || request.Tools is { Required: true }
        || (!syntax.IsMarked && HasStrict(request));

    /// <summary>Whether the grammar must be compiled before the answer begins, since what the client wrote may turn out to be
    /// wrong.</summary>
    public bool MayBeRefused => IsWhole || HasStrict(request);

    /// <summary>What the grammar is made of: the same for requests that have the same one.</summary>
    public string Key => string.Join(
        '\u0001',
        Thinks, request.Tools?.Required, request.Format is { } format ? FormatGrammar.KeyOf(format) : "",
        request.Tools is { } tools ? CallGrammar.KeyOf(syntax, tools) : "");

    /// <exception cref="AnswerException">What the client wrote cannot be used.</exception>
    public CompiledGrammar Compile()
    {
        try
        {
            return Compile(freely: false);
        }
        catch (GrammarTooLargeException) when (request.Tools is { } tools && tools.Callable.Any(tool => !tool.Strict))
        {
            return Compile(freely: true);
        }
    }

    private bool Thinks => opensThinking && IsWhole;

    private static bool HasStrict(ConversationRequest request) => request.Tools?.Callable.Any(tool => tool.Strict) == true;

    private CompiledGrammar Compile(bool freely)
    {
        var budget = new GrammarBudget();
        List<GrammarNode> rules = [GrammarParts.Nothing];
        try
        {
            var answer = Make(rules, freely, budget);
            rules[0] = Thinks
                ? new GrammarNode.Sequence([new GrammarNode.Language(new FreeText(budget).Until(ThinkEnd)), FreeText.Blanks, answer])
                : answer;
            return CompiledGrammar.Compile(new Grammar(rules), budget);
        }
        catch (GrammarException exception)
        {
            throw new AnswerException(OpenAiError.InvalidFormat(Blamed, exception.Message.TrimEnd('.')));
        }
        catch (GrammarTooLargeException exception) when (freely || request.Tools is null || request.Tools.Callable.All(tool => tool.Strict))
        {
            throw new AnswerException(OpenAiError.InvalidFormat(Blamed, exception.Message.TrimEnd('.')));
        }
    }

    private string Blamed => request.Format is { } format ? FormatGrammar.MemberOf(format, request.FormatMember)
        : request.Tools!.Callable.FirstOrDefault(tool => tool.Strict)?.Member ?? request.Tools.Callable[0].Member;

    private GrammarNode Make(List<GrammarNode> rules, bool freely, GrammarBudget budget)
    {
        var format = request.Format is { } wanted && request.Tools is not { Required: true }
            ? FormatGrammar.Append(rules, wanted, request.FormatMember, budget) : null;
        if (request.Tools is not { } tools)
        {
            return format!;
        }

        var calls = new CallGrammar(syntax, tools, freely, budget);
        if (tools.Required)
        {
            return calls.Append(rules, marked: true);
        }

        if (format is not null)
        {
            return new GrammarNode.Choice([calls.Append(rules, marked: true), format]);
        }

        var text = new FreeText(budget);
        if (!syntax.IsMarked)
        {
            return IsWhole
                ? new GrammarNode.Choice(
                    [calls.Append(rules, marked: true), new GrammarNode.Language(text.WithoutBrace(CallSyntax.PythonTag))])
                : new GrammarNode.Choice(
                    [calls.AppendCertain(rules, text),
                        new GrammarNode.Language(text.WithoutCertainCall(tools.Callable.Select(tool => tool.Name)))]);
        }

        var rest = new GrammarNode.Language(text.Without(syntax.Open));
        var called = new GrammarNode.Sequence([new GrammarNode.Language(text.Until(syntax.Open)), calls.Append(rules, marked: false)]);
        return tools.Parallel
            ? new GrammarNode.Sequence([new GrammarNode.Repeat(called, 0, null), rest])
            : new GrammarNode.Choice([called, rest]);
    }
}
