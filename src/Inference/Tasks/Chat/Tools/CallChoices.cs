using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Tokenizers;
using Tollgate.Inference.Tools;

namespace Tollgate.Inference.Tasks.Chat.Tools;

/// <summary>What calls a request allows, and how its model writes them.</summary>
internal sealed class CallChoices(LoadedDecoder decoder, ToolUse tools)
{
    private readonly HashSet<string> _functions = [.. tools.Callable.Select(tool => tool.Name)];

    public ToolUse Tools { get; } = tools;

    public CallSyntax Syntax { get; } = decoder.Model.Chat.Tools.Syntax;

    /// <summary>Control tokens whose text is read, with that text.</summary>
    public IReadOnlyDictionary<int, byte[]> Marks { get; } = decoder.Model.CallMarks;

    /// <param name="isConstrained">As of <see cref="CallScanner"/>.</param>
    public CallScanner MakeScanner(bool isConstrained, Action<string> unread) => new(
        Syntax, _functions, Tools.Parallel, isConstrained, decoder.Model.Chat.OpensThinking, unread);

    /// <summary>Makes constraints that hold an answer to whole calls from where one begins.</summary>
    /// <param name="writer">Gives the text of each token of the answer.</param>
    /// <param name="grammar">Of the text from where a call begins.</param>
    /// <param name="left">Tokens that may be generated.</param>
    public Func<Action, ITokenConstraint> MakeHold(ITokenizer writer, Task<CallGuide> grammar, int left) => wake => new CallHold(
        MakeScanner(isConstrained: false, static _ => { }),
        token => Marks.TryGetValue(token, out var mark) ? mark : writer.TokenBytes(token),
        decoder.Model.HasTokensPastBeginning, grammar, left, wake);
}
