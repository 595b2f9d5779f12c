namespace Tollgate.Inference.Generation;

/// <summary>The log-probabilities of a prompt's own tokens, filled while it is read. The scheduler's thread alone, until it is
/// complete.</summary>
/// <param name="wanted">How many of the likeliest tokens are noted at each place.</param>
internal sealed class PromptScores(int[] prompt, int wanted)
{
    private readonly List<TokenChoice> _tokens = [new TokenChoice(prompt[0], float.NaN, [])];

    /// <summary>The first so many tokens of the prompt.</summary>
    public IReadOnlyList<TokenChoice> Tokens => _tokens;

    /// <summary>Notes the token at a place, unless it was noted when the prompt was read before.</summary>
    /// <param name="place">At least 1 and at most the number of tokens noted.</param>
    /// <param name="logits">Of the model after the tokens before it.</param>
    /// <param name="scratch">As for <see cref="TokenScores.Read"/>.</param>
    public void Note(int place, ReadOnlySpan<float> logits, Span<float> scratch)
    {
        if (place < _tokens.Count)
        {
            return;
        }

        var scores = TokenScores.Read(logits, wanted, scratch);
        _tokens.Add(new TokenChoice(prompt[place], logits[prompt[place]] - scores.Normalizer, scores.Best ?? []));
    }
}
