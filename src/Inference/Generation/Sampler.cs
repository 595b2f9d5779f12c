using System.Numerics;
using System.Numerics.Tensors;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Generation;

/// <summary>A token with its log-probability under the model's own distribution, before temperature, penalties and bias.</summary>
internal readonly record struct TokenLogprob(int Token, float Logprob);

/// <summary>A chosen token.</summary>
/// <param name="Logprob">NaN when it was not asked for.</param>
/// <param name="Best">The likeliest tokens, best first; null when they were not asked for.</param>
internal readonly record struct SampledToken(int Token, float Logprob, TokenLogprob[]? Best);

/// <summary>
/// Chooses the tokens of one choice. Deterministic: the same logits, seed, choice and position give the same token. One thread at a time;
/// one sampler a choice, because penalties count what was chosen before.
/// </summary>
/// <param name="seed">The request's seed, or one drawn for it.</param>
/// <param name="choice">Index over all choices of the request.</param>
/// <param name="score">Whether the chosen tokens' log-probabilities are needed even though the client did not ask for them.</param>
internal sealed class Sampler(Sampling sampling, long seed, int choice, bool score)
{
    /// <summary>Parts of this size are summed first, so that the walk to the drawn token touches one part only.</summary>
    private const int Part = 512;

    private readonly Dictionary<int, int>? _counts = sampling.PresencePenalty != 0 || sampling.FrequencyPenalty != 0 ? [] : null;

    /// <summary>Chooses the token at <paramref name="position"/>.</summary>
    /// <param name="logits">One number for each token of the vocabulary; left as it is.</param>
    /// <param name="scratch">As long as the logits, and always at the same alignment: the order of SIMD sums depends on it.</param>
    /// <exception cref="InvalidDataException">The model gave no finite logits.</exception>
    public SampledToken Next(ReadOnlySpan<float> logits, int position, Span<float> scratch)
    {
        var normalizer = score || sampling.Logprobs is not null ? LogSumOfExponents(logits, scratch) : float.NaN;
        var best = sampling.Logprobs is > 0 and var wanted ? Likeliest(logits, wanted, normalizer) : null;
        logits.CopyTo(scratch);
        Adjust(scratch);
        var top = TensorPrimitives.IndexOfMax(scratch);
        var highest = scratch[top];
        if (!float.IsFinite(highest))
        {
            throw new InvalidDataException("The model gave logits that are not finite.");
        }

        var token = sampling.Temperature == 0 ? top : Draw(scratch, highest, SamplingNoise.Uniform(seed, choice, position));
        if (_counts is not null)
        {
            _counts[token] = _counts.GetValueOrDefault(token) + 1;
        }

        return new SampledToken(token, logits[token] - normalizer, best);
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

    private void Adjust(Span<float> logits)
    {
        if (_counts is not null)
        {
            foreach (var (token, count) in _counts)
            {
                logits[token] -= (count * sampling.FrequencyPenalty) + sampling.PresencePenalty;
            }
        }

        if (sampling.LogitBias is { } biases)
        {
            foreach (var (token, bias) in biases)
            {
                logits[token] += bias;
            }
        }
    }

    /// <summary>Turns logits into weights and draws from them; <paramref name="weights"/> holds the logits on entry.</summary>
    private int Draw(Span<float> weights, float highest, double uniform)
    {
        TensorPrimitives.Subtract(weights, highest, weights);
        TensorPrimitives.Divide(weights, sampling.Temperature, weights);
        TensorPrimitives.Exp(weights, weights);
        var parts = (weights.Length + Part - 1) / Part;
        Span<double> sums = parts <= 1024 ? stackalloc double[parts] : new double[parts];
        var total = 0.0;
        for (var part = 0; part < parts; part++)
        {
            sums[part] = TensorPrimitives.Sum<float>(weights.Slice(part * Part, Math.Min(Part, weights.Length - (part * Part))));
            total += sums[part];
        }

        return sampling.TopP < 1 ? DrawFromNucleus(weights, total, uniform) : DrawFromAll(weights, sums, total * uniform);
    }

    private static int DrawFromAll(ReadOnlySpan<float> weights, ReadOnlySpan<double> sums, double target)
    {
        var part = 0;
        while (part < sums.Length - 1 && target >= sums[part])
        {
            target -= sums[part++];
        }

        var last = -1;
        var end = Math.Min(weights.Length, (part + 1) * Part);
        for (var token = part * Part; token < end; token++)
        {
            if (weights[token] > 0)
            {
                last = token;
                target -= weights[token];
                if (target < 0)
                {
                    return token;
                }
            }
        }

        // Rounding can leave a last crumb; it belongs to the last token that has any weight.
        return last >= 0 ? last : weights[..end].LastIndexOfAnyExcept(0f);
    }

    /// <summary>
    /// Draws from the fewest likeliest tokens whose weights reach <c>top_p</c>. Only tokens
    /// above a threshold are sorted; it falls until they hold enough.
    /// </summary>
    private int DrawFromNucleus(ReadOnlySpan<float> weights, double total, double uniform)
    {
        var wanted = total * sampling.TopP;
        var candidates = new List<(float Weight, int Token)>(64);
        for (var threshold = 0.02f; ; threshold = threshold > 1e-9f ? threshold * 0.02f : 0)
        {
            var mass = Collect(weights, threshold, candidates);
            if (mass >= wanted || threshold == 0)
            {
                break;
            }
        }

        candidates.Sort(static (a, b) => a.Weight != b.Weight ? b.Weight.CompareTo(a.Weight) : a.Token.CompareTo(b.Token));
        var nucleus = 0.0;
        var count = 0;
        while (count < candidates.Count && (count == 0 || nucleus < wanted))
        {
            nucleus += candidates[count++].Weight;
        }

        var target = nucleus * uniform;
        for (var i = 0; i < count; i++)
        {
            target -= candidates[i].Weight;
            if (target < 0)
            {
                return candidates[i].Token;
            }
        }

        return candidates[count - 1].Token;
    }

    private static double Collect(ReadOnlySpan<float> weights, float threshold, List<(float Weight, int Token)> candidates)
    {
        candidates.Clear();
        var mass = 0.0;
        var floor = new Vector<float>(threshold);
        var token = 0;
        while (token < weights.Length)
        {
            var end = Math.Min(weights.Length, token + Vector<float>.Count);
            if (end - token == Vector<float>.Count && !Vector.GreaterThanAny(new Vector<float>(weights[token..]), floor))
            {
                token = end;
                continue;
            }

            for (; token < end; token++)
            {
                if (weights[token] > threshold)
                {
                    candidates.Add((weights[token], token));
                    mass += weights[token];
                }
            }
        }

        return mass;
    }
}
