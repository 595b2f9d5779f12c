using System.Text;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Gathers the choices of an answer that is sent whole.</summary>
internal sealed class ChoiceTexts(int choices)
{
    private readonly StringBuilder[] _texts = [.. Enumerable.Range(0, choices).Select(_ => new StringBuilder())];
    private readonly List<TokenChoice>[] _tokens = [.. Enumerable.Range(0, choices).Select(_ => new List<TokenChoice>())];
    private readonly List<CallDraft>[] _calls = [.. Enumerable.Range(0, choices).Select(_ => new List<CallDraft>())];
    private readonly IReadOnlyList<TokenChoice>[] _promptTokens = [.. Enumerable.Repeat<IReadOnlyList<TokenChoice>>([], choices)];
    private readonly FinishReason[] _finish = new FinishReason[choices];
    private readonly string?[] _stoppedBy = new string?[choices];
    private bool _begun;

    /// <summary>Adds a step; true for the first one.</summary>
    public bool Add(AnswerStep step)
    {
        _texts[step.Choice].Append(step.Text);
        _tokens[step.Choice].AddRange(step.Tokens);
        _promptTokens[step.Choice] = step.PromptTokens.Count > 0 ? step.PromptTokens : _promptTokens[step.Choice];
        _finish[step.Choice] = step.Finish ?? _finish[step.Choice];
        _stoppedBy[step.Choice] ??= step.StoppedBy;
        if (step.Call is { } piece)
        {
            AddCall(_calls[step.Choice], piece);
        }

        var first = !_begun;
        _begun = true;
        return first;
    }

    /// <summary>The choices to return: of each prompt's the <paramref name="kept"/> likeliest
    /// by mean log-probability, or all in their order.</summary>
    public IReadOnlyList<WholeChoice> Pick(IReadOnlyList<Choice> generated, int perPrompt, int kept)
    {
        var picked = kept == perPrompt
            ? generated
            : [.. generated.Chunk(perPrompt)
                .SelectMany(choices => choices.OrderByDescending(Score).ThenBy(choice => choice.Index).Take(kept))];
        return [.. picked.Select((choice, index) =>
            new WholeChoice(index, _texts[choice.Index].ToString(), _tokens[choice.Index], _finish[choice.Index])
            {
                Calls = [.. _calls[choice.Index].Select(call => new ToolCall(call.Id, call.Name, call.Arguments.ToString()))],
                PromptTokens = _promptTokens[choice.Index],
                StoppedBy = _stoppedBy[choice.Index],
            })];
    }

    private static void AddCall(List<CallDraft> calls, CallPiece piece)
    {
        if (piece.IsFirst)
        {
            calls.Add(new CallDraft(piece.Id, piece.Name, new StringBuilder()));
        }

        calls[piece.Index].Arguments.Append(piece.Arguments);
    }

    private static double Score(Choice choice) => choice.TotalLogprob / Math.Max(1, choice.Chosen);

    private sealed record CallDraft(string Id, string Name, StringBuilder Arguments);
}
