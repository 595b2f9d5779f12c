namespace Tollgate.Inference.Generation;

/// <summary>Drawing from a part of the tokens, as <c>top_k</c>, <c>typical_p</c> and <c>min_p</c> ask.</summary>
internal sealed partial class Sampler
{
    /// <summary>Weights below this add nothing to an entropy that a float could show.</summary>
    private const float NoEntropy = 1e-12f;

    private bool HasFilters => sampling.TopK > 0 || sampling.TypicalP < 1 || sampling.MinP > 0;

    /// <summary>Draws after <c>top_k</c>, <c>typical_p</c>, <c>top_p</c> and <c>min_p</c>, in this order, each over the probabilities that
    /// the one before left.</summary>
    private int DrawFiltered(ReadOnlySpan<float> weights, double total, double uniform)
    {
        var kept = new List<(float Weight, int Token)>(64);
        if (sampling.TopK > 0)
        {
            CollectLikeliest(weights, kept);
            total = Mass(kept);
        }

        if (sampling.TypicalP < 1)
        {
            KeepTypical(weights, kept, total);
            total = Mass(kept);
        }

        if (sampling.TopP < 1 && kept.Count == 0)
        {
            CollectNucleus(weights, total, kept);
        }
        else if (sampling.TopP < 1)
        {
            CutAtMass(kept, total * sampling.TopP);
        }

        if (kept.Count == 0)
        {
            Collect(weights, MathF.BitDecrement(sampling.MinP), kept); // The likeliest token's weight is 1.
            SortByWeight(kept);
        }

        var least = kept[0].Weight * sampling.MinP;
        kept.RemoveAll(candidate => candidate.Weight < least);
        return DrawFrom(kept, uniform);
    }

    /// <summary>Collects the <c>top_k</c> likeliest tokens, best first, of equal ones the lower id first.</summary>
    private void CollectLikeliest(ReadOnlySpan<float> weights, List<(float Weight, int Token)> kept)
    {
        for (var threshold = 0.02f; ; threshold = threshold > 1e-9f ? threshold * 0.02f : 0)
        {
            Collect(weights, threshold, kept);
            if (kept.Count >= sampling.TopK || threshold == 0)
            {
                break;
            }
        }

        SortByWeight(kept);
        kept.RemoveRange(Math.Min(sampling.TopK, kept.Count), Math.Max(0, kept.Count - sampling.TopK));
    }

    /// <summary>
    /// Keeps the tokens whose surprise is nearest to the expected one, the entropy, so many that they hold <c>typical_p</c> of the mass;
    /// then best first. (Meister et al., "Locally Typical Sampling", 2022.) A distance from the entropy is a range of weights, so only
    /// tokens in a range that widens until it holds enough are sorted.
    /// </summary>
    /// <param name="kept">What <c>top_k</c> left; empty for all tokens.</param>
    private void KeepTypical(ReadOnlySpan<float> weights, List<(float Weight, int Token)> kept, double total)
    {
        var all = kept.Count == 0;
        if (all)
        {
            Collect(weights, NoEntropy, kept);
        }

        var entropy = Entropy(kept, total);
        var wanted = total * sampling.TypicalP;
        for (var distance = 0.5; all; distance *= 2)
        {
            var (least, most) = ((float)(total * Math.Exp(-entropy - distance)), (float)(total * Math.Exp(-entropy + distance)));
            Collect(weights, least, kept);
            kept.RemoveAll(candidate => candidate.Weight > most);
            if (Mass(kept) >= wanted || least == 0)
            {
                break;
            }
        }

        kept.Sort((a, b) => Distance(a) != Distance(b) ? Distance(a).CompareTo(Distance(b)) : a.Token.CompareTo(b.Token));
        CutAtMass(kept, wanted);
        SortByWeight(kept);

        double Distance((float Weight, int Token) candidate) => Math.Abs(-Math.Log(candidate.Weight / total) - entropy);
    }

    private static double Entropy(List<(float Weight, int Token)> candidates, double total)
    {
        var entropy = 0.0;
        foreach (var (weight, _) in candidates)
        {
            entropy -= weight / total * Math.Log(weight / total);
        }

        return entropy;
    }

    private static double Mass(List<(float Weight, int Token)> candidates)
    {
        var mass = 0.0;
        foreach (var (weight, _) in candidates)
        {
            mass += weight;
        }

        return mass;
    }
}
