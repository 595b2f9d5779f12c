namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>Turns logits into scores. Sums are kept in double precision, so that close scores stay apart.</summary>
internal static class LabelScores
{
    /// <summary>Scores that add up to 1.</summary>
    public static float[] Softmax(ReadOnlySpan<float> logits)
    {
        var highest = float.MinValue;
        foreach (var logit in logits)
        {
            highest = Math.Max(highest, logit);
        }

        var (shares, sum) = (new double[logits.Length], 0.0);
        for (var i = 0; i < logits.Length; i++)
        {
            sum += shares[i] = Math.Exp((double)logits[i] - highest);
        }

        return Array.ConvertAll(shares, share => (float)(share / sum));
    }

    /// <summary>A score of its own for each label.</summary>
    public static float[] Sigmoid(ReadOnlySpan<float> logits) =>
        Array.ConvertAll(logits.ToArray(), logit => (float)(1 / (1 + Math.Exp(-(double)logit))));
}
