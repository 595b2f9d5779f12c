namespace Tollgate.Training.Evaluation;

/// <summary>How often a classifier is right, counted over rows.</summary>
/// <remarks>Names and definitions are those of scikit-learn's <c>classification_report</c>; where a denominator is 0, the figure is 0.
/// </remarks>
public sealed record ClassificationMetrics
{
    /// <summary>Share of the rows whose label has the highest score, 0 to 1.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Means over the labels, each with the same weight.</summary>
    public required AveragedMetrics Macro { get; init; }

    /// <summary>Counted over all labels together. With one label a row, all three equal the accuracy.</summary>
    public required AveragedMetrics Micro { get; init; }

    /// <summary>In the order of the model's labels.</summary>
    public required IReadOnlyList<LabelMetrics> Labels { get; init; }

    /// <summary>Rows by their label (outer) and the predicted label (inner), in the order of the model's labels.</summary>
    public required IReadOnlyList<IReadOnlyList<int>> Confusion { get; init; }

    /// <param name="names">Names of the labels by number.</param>
    internal static ClassificationMetrics Of(IReadOnlyList<(int Label, int Predicted)> rows, IReadOnlyList<string> names)
    {
        var confusion = names.Select(_ => new int[names.Count]).ToArray();
        foreach (var (label, predicted) in rows)
        {
            confusion[label][predicted]++;
        }

        LabelMetrics[] labels =
        [
            .. names.Select((name, label) => Count(
                name, confusion[label][label], confusion.Sum(row => row[label]), confusion[label].Sum())),
        ];
        var right = Enumerable.Range(0, names.Count).Sum(label => confusion[label][label]);
        var accuracy = Share(right, rows.Count);
        return new ClassificationMetrics
        {
            Accuracy = accuracy,
            Macro = new AveragedMetrics(
                labels.Average(label => label.Precision), labels.Average(label => label.Recall), labels.Average(label => label.F1)),
            Micro = new AveragedMetrics(accuracy, accuracy, accuracy),
            Labels = labels,
            Confusion = confusion,
        };
    }

    private static LabelMetrics Count(string name, int right, int predicted, int rows)
    {
        var (precision, recall) = (Share(right, predicted), Share(right, rows));
        return new LabelMetrics(name, precision, recall, Share(2 * right, predicted + rows), rows);
    }

    private static double Share(int part, int whole) => whole == 0 ? 0 : (double)part / whole;
}

/// <summary>How well one label is found.</summary>
/// <param name="Precision">Share of the rows predicted as this label that have it.</param>
/// <param name="Recall">Share of the rows with this label that are predicted as it.</param>
/// <param name="F1">Harmonic mean of both.</param>
/// <param name="Rows">Rows with this label.</param>
public sealed record LabelMetrics(string Label, double Precision, double Recall, double F1, int Rows);

/// <summary>The same figures over all labels.</summary>
public sealed record AveragedMetrics(double Precision, double Recall, double F1);
