using System.Numerics;
using System.Numerics.Tensors;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Generation;

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
/// <param name="rules">What the request's extensions penalize and exclude; null for nothing.</param>
internal sealed partial class Sampler(Sampling sampling, long seed, int choice, bool score, TokenRules? rules = null)
{
    /// <summary>Parts of this size are summed first, so that the walk to the drawn token touches one part only.</summary>
    private const int Part = 512;

    private readonly Dictionary<int, int>? _counts = sampling.PresencePenalty != 0 || sampling.FrequencyPenalty != 0 ? [] : null;

    /// <summary>The model's own logits, where others are chosen by and the chosen token's log-probability is wanted.</summary>
    private float[]? _own;

    private bool ChangesLogits => _counts is not null || sampling.LogitBias is not null || sampling.RepetitionPenalty != 1;

    /// <summary>Chooses the token at <paramref name="position"/>, of which no constraint excludes any.</summary>
    /// <inheritdoc cref="Adjust" path="/param"/>
    /// <param name="logits">One number for each token of the vocabulary; left as it is.</param>
    /// <exception cref="InvalidDataException">The model gave no finite logits.</exception>
    public SampledToken Next(ReadOnlySpan<float> logits, int position, Span<float> scratch)
    {
        var adjusted = logits.ToArray();
        return Choose(adjusted, Adjust(adjusted, position, scratch), position, scratch);
    }

    /// <summary>Applies penalties, bias and rules to logits, in place.</summary>
    /// <param name="logits">One number for each token of the vocabulary.</param>
    /// <param name="position">Index of the token within its answer.</param>
    /// <param name="scratch">As long as the logits, and always at the same alignment: the order of SIMD sums depends on it.</param>
    /// <returns>What is known of the model's own distribution, as far as it was asked for.</returns>
    public TokenScores Adjust(Span<float> logits, int position, Span<float> scratch)
    {
        var isScored = score || sampling.Logprobs is not null;
        var scores = isScored ? TokenScores.Read(logits, sampling.Logprobs ?? 0, scratch) : TokenScores.None;
        if (isScored && ChangesLogits)
        {
            Array.Resize(ref _own, logits.Length);
            logits.CopyTo(_own);
        }

        rules?.Penalize(logits);
        PenalizeAndBias(logits);
        rules?.Exclude(logits, position);
        return scores;
    }

    /// <summary>Chooses a token from what <see cref="Adjust"/> left of the logits.</summary>
    /// <inheritdoc cref="Adjust" path="/param"/>
    /// <returns>A token below 0 when every token is impossible.</returns>
    /// <exception cref="InvalidDataException">The model gave no finite logits.</exception>
    public SampledToken Choose(ReadOnlySpan<float> logits, in TokenScores scores, int position, Span<float> scratch)
    {
        var top = TensorPrimitives.IndexOfMax(logits);
        var highest = logits[top];
        if (float.IsNegativeInfinity(highest))
        {
            return new SampledToken(-1, float.NaN, null);
        }

        if (!float.IsFinite(highest))
        {
            throw new InvalidDataException("The model gave logits that are not finite.");
        }

        var token = top;
        if (sampling.Temperature != 0)
        {
            TensorPrimitives.Subtract(logits, highest, scratch);
            token = Draw(scratch, SamplingNoise.Uniform(seed, choice, position));
        }

        if (_counts is not null)
        {
            _counts[token] = _counts.GetValueOrDefault(token) + 1;
        }

        rules?.Note(token);
        return new SampledToken(token, (_own is null ? logits[token] : _own[token]) - scores.Normalizer, scores.Best);
    }

    private void PenalizeAndBias(Span<float> logits)
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

    /// <summary>Turns logits into weights and draws from them.</summary>
    /// <param name="weights">On entry the logits, less the highest of them.</param>
    private int Draw(Span<float> weights, double uniform)
    {
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

        if (HasFilters)
        {
            return DrawFiltered(weights, total, uniform);
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

    private int DrawFromNucleus(ReadOnlySpan<float> weights, double total, double uniform)
    {
        var candidates = new List<(float Weight, int Token)>(64);
        CollectNucleus(weights, total, candidates);
        return DrawFrom(candidates, uniform);
    }

    /// <summary>
    /// Collects the fewest likeliest tokens whose weights reach <c>top_p</c>, best first. Only tokens above a threshold are sorted; it
    /// falls until they hold enough.
    /// </summary>
    private void CollectNucleus(ReadOnlySpan<float> weights, double total, List<(float Weight, int Token)> candidates)
    {
        var wanted = total * sampling.TopP;
        for (var threshold = 0.02f; ; threshold = threshold > 1e-9f ? threshold * 0.02f : 0)
        {
            var mass = Collect(weights, threshold, candidates);
            if (mass >= wanted || threshold == 0)
            {
                break;
            }
        }

        SortByWeight(candidates);
        CutAtMass(candidates, wanted);
    }

    private static void SortByWeight(List<(float Weight, int Token)> candidates) => candidates.Sort(
        static (a, b) => a.Weight != b.Weight ? b.Weight.CompareTo(a.Weight) : a.Token.CompareTo(b.Token));

    /// <summary>Keeps the first candidates that hold the wanted mass, at least one.</summary>
    private static void CutAtMass(List<(float Weight, int Token)> candidates, double wanted)
    {
        var (mass, count) = (0.0, 0);
        while (count < candidates.Count && (count == 0 || mass < wanted))
        {
            mass += candidates[count++].Weight;
        }

        candidates.RemoveRange(count, candidates.Count - count);
    }

    private static int DrawFrom(List<(float Weight, int Token)> candidates, double uniform)
    {
        var mass = 0.0;
        foreach (var (weight, _) in candidates)
        {
            mass += weight;
        }

        var target = mass * uniform;
        foreach (var (weight, token) in candidates)
        {
            target -= weight;
            if (target < 0)
            {
                return token;
            }
        }

        return candidates[^1].Token;
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
