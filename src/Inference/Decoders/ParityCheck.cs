using System.Numerics.Tensors;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Decoders;

/// <summary>Compares a converted decoder with its source's own weights, token by token over a text, and looks whether it repeats itself
/// where the source would not.</summary>
internal static class ParityCheck
{
    /// <summary>Tokens that are generated to look for a repetition.</summary>
    private const int Generated = 64;

    /// <summary>Longest piece of text that counts as a repetition, tokens.</summary>
    private const int LongestPeriod = 12;

    /// <summary>Products of the source's pass, in numbers of the model times tokens: what a large model is compared on is
    /// shorter.</summary>
    private const long MostWork = 40_000_000_000;

    private const int FewestTokens = 8;

    /// <summary>Refuses a model that is further from its source than the operator accepts.</summary>
    /// <param name="bound">Most of <see cref="ModelParity.Divergence"/>, and of the logarithm by which the perplexity grows.</param>
    /// <exception cref="ModelImportException">It is; the message names the measure.</exception>
    public static void Check(ModelParity parity, double bound)
    {
        if (!(parity.Divergence <= bound))
        {
            throw Differs($"the divergence of its next tokens is {parity.Divergence:0.####} nats, at most {bound} are accepted");
        }

        if (!(Math.Log(parity.Perplexity / parity.SourcePerplexity) <= bound))
        {
            throw Differs(
                $"its perplexity is {parity.Perplexity:0.##}, the source's {parity.SourcePerplexity:0.##}; a growth by "
                + $"{(Math.Exp(bound) - 1) * 100:0.#} % is accepted");
        }

        if (parity.Repeats)
        {
            throw Differs("it repeats itself without end where the source does not (repetition)");
        }
    }

    /// <summary>Compares over as many tokens of the text as a pass of the source in plain code takes in bounded time.</summary>
    /// <param name="text">At least two ids.</param>
    public static ModelParity Run(DecoderWeights weights, ReadOnlySpan<int> text, Func<int, DecoderRun> runs)
    {
        var count = CountTokens(weights, text.Length);
        text = text[..Math.Min(count, text.Length)];
        var source = DecoderReference.AllLogits(weights, text);
        var (divergence, sourceLoss, loss, agreed) = (0.0, 0.0, 0.0, 0);
        int? first = null;
        var widest = 0f;
        using (var run = runs(text.Length))
        {
            for (var i = 0; i < text.Length; i++)
            {
                var found = run.Append(text.Slice(i, 1));
                var expected = source[i];
                var (best, other) = (TensorPrimitives.IndexOfMax<float>(expected), TensorPrimitives.IndexOfMax<float>(found));
                if (best == other)
                {
                    agreed++;
                }
                else
                {
                    first ??= i;
                    widest = Math.Max(widest, expected[best] - expected[other]);
                }

                var (logExpected, logFound) = (LogSoftmax(expected), LogSoftmax(found));
                divergence += Divergence(logExpected, logFound);
                if (i + 1 < text.Length)
                {
                    sourceLoss -= logExpected[text[i + 1]];
                    loss -= logFound[text[i + 1]];
                }
            }
        }

        var steps = text.Length - 1;
        return new ModelParity
        {
            Tokens = text.Length,
            Perplexity = Math.Exp(loss / steps),
            SourcePerplexity = Math.Exp(sourceLoss / steps),
            Divergence = Math.Max(0, divergence / text.Length),
            Agreed = agreed,
            FirstDisagreement = first,
            WidestMargin = widest,
            Repeats = count > Generated && Repeats(weights, text[..FewestTokens], runs),
        };
    }

    /// <summary>How many tokens a pass of the source in plain code takes in bounded time.</summary>
    /// <param name="most">Of them.</param>
    public static int CountTokens(DecoderWeights weights, int most) =>
        (int)Math.Max(Math.Min(MostWork / Math.Max(1, weights.Elements), most), Math.Min(FewestTokens, most));

    /// <summary>Whether the model, by its likeliest tokens, ends in a repetition that the source would leave.</summary>
    private static bool Repeats(DecoderWeights weights, ReadOnlySpan<int> prompt, Func<int, DecoderRun> runs)
    {
        var ids = new List<int>();
        ids.AddRange(prompt);
        using (var run = runs(prompt.Length + Generated))
        {
            var logits = run.Append(prompt);
            while (ids.Count < prompt.Length + Generated)
            {
                ids.Add(TensorPrimitives.IndexOfMax<float>(logits));
                if (ids.Count < prompt.Length + Generated)
                {
                    logits = run.Append([ids[^1]]);
                }
            }
        }

        var loop = Enumerable.Range(1, LongestPeriod).Any(
            period => Enumerable.Range(ids.Count - (Generated / 2), Generated / 2).All(i => ids[i] == ids[i - period]));
        if (!loop)
        {
            return false;
        }

        // Inside the loop the source would have gone on in the same way, or not.
        var source = DecoderReference.AllLogits(weights, ids.ToArray());
        var same = Enumerable.Range(ids.Count - (Generated / 2), Generated / 2)
            .Count(i => TensorPrimitives.IndexOfMax<float>(source[i - 1]) == ids[i]);
        return same < Generated / 2 * 3 / 4;
    }

    private static ModelImportException Differs(string how) => new(
        $"The converted model differs from its source: {how}. It was not installed; a higher --precision keeps more.");

    private static float[] LogSoftmax(float[] logits)
    {
        var most = TensorPrimitives.Max<float>(logits);
        var sum = 0.0;
        foreach (var logit in logits)
        {
            sum += Math.Exp(logit - most);
        }

        var log = new float[logits.Length];
        TensorPrimitives.Subtract(logits, most + (float)Math.Log(sum), log);
        return log;
    }

    private static double Divergence(float[] expected, float[] found)
    {
        var sum = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            sum += Math.Exp(expected[i]) * (expected[i] - found[i]);
        }

        return sum;
    }
}
