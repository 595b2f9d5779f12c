namespace Tollgate.Inference.Tasks.Classification;

/// <summary>The scores of all labels for one text. Computed in double precision, so that they keep the order of the logits.</summary>
internal sealed class LabelScores
{
    private readonly double[] _scores;
    private readonly int[] _order;

    private LabelScores(ModelClassification classification, double[] scores, int[] order) =>
        (Classification, _scores, _order) = (classification, scores, order);

    public ModelClassification Classification { get; }

    /// <summary>Number of the label with the highest logit, or the highest mean of scores; of equal ones the first.</summary>
    public int Best => _order[0];

    /// <summary>Score of a label, 0 to 1.</summary>
    public double this[int label] => _scores[label];

    public string NameOf(int label) => Classification.Labels[label];

    /// <summary>Numbers of the best labels, the best first.</summary>
    public IEnumerable<int> Top(int count) => _order.Take(count);

    /// <summary>Scores of a text's logits; null when there are not as many as labels, or one is not finite.</summary>
    public static LabelScores? TryMake(ReadOnlySpan<float> logits, ModelClassification classification)
    {
        if (logits.Length != classification.Labels.Count)
        {
            return null;
        }

        foreach (var logit in logits)
        {
            if (!float.IsFinite(logit))
            {
                return null;
            }
        }

        var given = logits.ToArray();
        int[] order = [.. Enumerable.Range(0, given.Length).OrderByDescending(label => given[label])]; // Stable: equal ones by number.
        double[] scores = classification.Activation == ModelClassification.Sigmoid
            ? [.. given.Select(logit => 1 / (1 + Math.Exp(-(double)logit)))]
            : Softmax(given, given[order[0]]);
        return new LabelScores(classification, scores, order);
    }

    /// <summary>The mean of the scores for the parts of one text; of equal ones the first label is best.</summary>
    /// <param name="parts">Not empty.</param>
    public static LabelScores Mean(IReadOnlyList<LabelScores> parts)
    {
        if (parts is [var only])
        {
            return only;
        }

        double[] means = [.. Enumerable.Range(0, parts[0]._scores.Length).Select(label => parts.Average(part => part[label]))];
        int[] order = [.. Enumerable.Range(0, means.Length).OrderByDescending(label => means[label])];
        return new LabelScores(parts[0].Classification, means, order);
    }

    private static double[] Softmax(float[] logits, double highest)
    {
        double[] powers = [.. logits.Select(logit => Math.Exp(logit - highest))];
        var sum = powers.Sum();
        return [.. powers.Select(power => power / sum)];
    }
}
