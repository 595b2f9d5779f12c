using System.Text;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Gathers the choices of an answer that is sent whole.</summary>
internal sealed class ChoiceTexts(int choices)
{
    private readonly StringBuilder[] _texts = [.. Enumerable.Range(0, choices).Select(_ => new StringBuilder())];
    private readonly List<TokenChoice>[] _tokens = [.. Enumerable.Range(0, choices).Select(_ => new List<TokenChoice>())];
    private readonly FinishReason[] _finish = new FinishReason[choices];
    private bool _begun;

    /// <summary>Adds a step; true for the first one.</summary>
    public bool Add(GenerationEvent step)
    {
        _texts[step.Choice].Append(step.Text);
        _tokens[step.Choice].AddRange(step.Tokens);
        _finish[step.Choice] = step.Finish ?? _finish[step.Choice];
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
            new WholeChoice(index, _texts[choice.Index].ToString(), _tokens[choice.Index], _finish[choice.Index]))];
    }

    private static double Score(Choice choice) => choice.TotalLogprob / Math.Max(1, choice.Chosen);
}
