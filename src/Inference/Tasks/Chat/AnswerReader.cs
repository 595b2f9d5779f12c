using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Reads the steps of one choice: what is text of the answer, and what is a call of a function. One reader a choice.</summary>
internal abstract class AnswerReader
{
    /// <summary>What a step gave. At least one, and the last one has what the step says of tokens and of the end.</summary>
    public abstract IReadOnlyList<AnswerStep> Read(GenerationEvent step);
}

/// <summary>Everything is text.</summary>
internal sealed class TextReader : AnswerReader
{
    public override IReadOnlyList<AnswerStep> Read(GenerationEvent step) =>
    [
        new AnswerStep(step.Choice, step.Text, step.DeliveredTokens, step.Tokens, step.Finish)
        {
            StoppedBy = step.StoppedBy,
            PromptTokens = step.PromptTokens,
        },
    ];
}
