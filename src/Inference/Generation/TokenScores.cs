using System.Numerics.Tensors;

namespace Tollgate.Inference.Generation;

/// <summary>A token with its log-probability under the model's own distribution, before temperature, penalties and bias.</summary>
internal readonly record struct TokenLogprob(int Token, float Logprob);

/// <summary>What is known of a model's own distribution over the next token.</summary>
/// <param name="Normalizer">Logit minus this is a log-probability; NaN when nobody asks for them.</param>
/// <param name="Best">The likeliest tokens, best first; null when they were not asked for.</param>
internal readonly record struct TokenScores(float Normalizer, TokenLogprob[]? Best)
{
    public static readonly TokenScores None = new(float.NaN, null);

    /// <param name="wanted">How many of the likeliest tokens.</param>
    /// <param name="scratch">As long as the logits, and always at the same alignment: the order of SIMD sums depends on it.</param>
    public static TokenScores Read(ReadOnlySpan<float> logits, int wanted, Span<float> scratch)
    {
        var normalizer = LogSumOfExponents(logits, scratch);
        return new TokenScores(normalizer, wanted > 0 ? Likeliest(logits, wanted, normalizer) : null);
    }

    private static float LogSumOfExponents(ReadOnlySpan<float> logits, Span<float> scratch)
    {
        var highest = TensorPrimitives.Max(logits);
        TensorPrimitives.Subtract(logits, highest, scratch);
        TensorPrimitives.Exp(scratch, scratch);
        return highest + MathF.Log(TensorPrimitives.Sum<float>(scratch));
    }

    /// <summary>The likeliest tokens, best first, of equal ones the lower id first.</summary>
    private static TokenLogprob[] Likeliest(ReadOnlySpan<float> logits, int wanted, float normalizer)
    {
        var best = new TokenLogprob[Math.Min(wanted, logits.Length)];
        var count = 0;
        for (var token = 0; token < logits.Length; token++)
        {
            var logit = logits[token];
            if (count == best.Length && logit <= best[^1].Logprob)
            {
                continue;
            }

            var at = count < best.Length ? count++ : best.Length - 1;
            for (; at > 0 && best[at - 1].Logprob < logit; at--)
            {
                best[at] = best[at - 1];
            }

            best[at] = new TokenLogprob(token, logit);
        }

        for (var i = 0; i < best.Length; i++)
        {
            best[i] = best[i] with { Logprob = best[i].Logprob - normalizer };
        }

        return best;
    }
}
