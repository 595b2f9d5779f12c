using System.Runtime.ExceptionServices;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Tokens of several rows are chosen on several threads where that is worth their wake-up; nothing but a choice's own logits, sampler and
/// position decides its token. What a token then does to its text and its request stays with the scheduler's thread.
/// </summary>
internal sealed partial class DecoderScheduler
{
    /// <summary>Logits that are worth a thread: about a tenth of a millisecond of greedy choices.</summary>
    private const int LogitsOfThread = 150_000;

    /// <summary>Chooses the tokens of those choices that nothing else has a say in.</summary>
    /// <param name="choices">The logits of the one at place i are the engine's at place i, or at its row.</param>
    /// <param name="byRow">Which of them.</param>
    private void SampleAhead(List<Choice> choices, bool byRow)
    {
        var threads = (int)Math.Min(_scratches.Length, (long)choices.Count * _scope.Size.Vocabulary / LogitsOfThread);
        if (threads < 2)
        {
            return;
        }

        Parallel.For(0, threads, thread =>
        {
            for (var i = thread; i < choices.Count; i += threads)
            {
                var choice = choices[i];
                if (choice.ChoosesAlone)
                {
                    choice.Ahead = SampleAhead(choice, _engine.Logits(byRow ? choice.Row : i), _scratches[thread].Span);
                }
            }
        });
    }

    private ChosenAhead SampleAhead(Choice choice, Span<float> logits, Span<float> scratch)
    {
        try
        {
            return new ChosenAhead(Sample(choice, WithinVocabulary(logits), scratch).Token, Failure: null);
        }
#pragma warning disable CA1031 // The choice fails when its turn comes.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new ChosenAhead(default, ExceptionDispatchInfo.Capture(exception));
        }
    }

    /// <summary>The token that was chosen ahead; null where none was.</summary>
    private static (SampledToken Token, TimeSpan Spent)? TakeAhead(Choice choice)
    {
        var ahead = choice.Ahead;
        choice.Ahead = null;
        ahead?.Failure?.Throw();
        return ahead is { } chosen ? (chosen.Token, default) : null;
    }

    /// <returns>The token, and the time that its constraint took.</returns>
    private (SampledToken Token, TimeSpan Spent) Sample(Choice choice, Span<float> logits, Span<float> scratch)
    {
        scratch = scratch[..logits.Length];
        var scores = choice.Sampler.Adjust(logits, choice.Generated, scratch);
        var spent = Restrict(choice, logits);
        return (choice.Sampler.Choose(logits, scores, choice.Generated, scratch), spent);
    }

    private Span<float> WithinVocabulary(Span<float> logits) => logits[..Math.Min(logits.Length, _scope.Tokenizer.VocabularySize)];
}
