using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Moderation;

/// <summary>Which labels of a classifier are which categories of harm, and from which score on a category is flagged.</summary>
/// <param name="Labels">A label to its categories. A label that is absent is harmless.</param>
/// <param name="Threshold">Of the categories that have none of their own; above 0, at most 1.</param>
public sealed record ModerationMap(IReadOnlyDictionary<string, IReadOnlyList<string>> Labels, double Threshold)
{
    /// <summary>A category to its own threshold.</summary>
    public IReadOnlyDictionary<string, double> Thresholds { get; init; } = new Dictionary<string, double>();

    /// <summary>Categories that the model judges.</summary>
    internal IEnumerable<string> Categories => Labels.Values.SelectMany(categories => categories).Distinct(StringComparer.Ordinal);

    /// <exception cref="ModelImportException">It names a label that the model lacks, a category that does not exist, or a threshold that
    /// is out of range.</exception>
    internal void Check(IReadOnlyList<string> labels)
    {
        if (Labels.Keys.FirstOrDefault(label => !labels.Contains(label)) is { } unknown)
        {
            throw Fault($"the label '{unknown}', which is none of the model's: {string.Join(", ", labels.Take(50))}");
        }

        if (Categories.Concat(Thresholds.Keys).FirstOrDefault(category => !ModerationCategories.All.Contains(category)) is { } foreign)
        {
            throw Fault($"the category '{foreign}'; there are {string.Join(", ", ModerationCategories.All)}");
        }

        if (!Categories.Any())
        {
            throw Fault("no category for any label");
        }

        if (Thresholds.Values.Append(Threshold).Any(threshold => threshold is not (> 0 and <= 1)))
        {
            throw Fault("a threshold that is not above 0 and at most 1");
        }
    }

    /// <summary>The score from which on a category is flagged.</summary>
    internal double ThresholdOf(string category) => Thresholds.TryGetValue(category, out var own) ? own : Threshold;

    private static ModelImportException Fault(string what) => new($"The mapping of labels to moderation categories names {what}.");
}
