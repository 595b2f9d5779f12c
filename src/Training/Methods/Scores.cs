namespace Tollgate.Training.Methods;

/// <summary>Scores of labels that exclude each other.</summary>
internal static class Scores
{
    /// <summary>The softmax of logits; sums to 1.</summary>
    public static double[] Softmax(ReadOnlySpan<float> logits)
    {
        var most = logits[0];
        foreach (var logit in logits)
        {
            most = Math.Max(most, logit);
        }

        var powers = new double[logits.Length];
        for (var i = 0; i < powers.Length; i++)
        {
            powers[i] = Math.Exp(logits[i] - most);
        }

        var sum = powers.Sum();
        return Array.ConvertAll(powers, power => power / sum);
    }
}
