using System.Globalization;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Datasets;

/// <summary>Every sentence about a training file that is accepted but may not train well.</summary>
internal static class ExampleWarnings
{
    /// <summary>The largest class may have so many times the rows of the smallest.</summary>
    private const int MostImbalance = 10;

    private const int MostShown = 10;

    public static IReadOnlyList<DatasetWarning> Of(
        IReadOnlyList<LabelRows> labels, TextIndex exact, TextIndex normalised, IReadOnlyList<string> ignored) =>
        [
            .. Ignored(ignored), .. Rare(labels), .. Imbalanced(labels), .. SimilarLabels(labels),
            .. Duplicates(exact), .. Contradictory(exact), .. Noisy(normalised),
        ];

    private static IEnumerable<DatasetWarning> Ignored(IReadOnlyList<string> names)
    {
        if (names.Count > 0)
        {
            yield return new DatasetWarning("ignored_members", $"Not read: {Join(names)}. Training uses the text and the label alone.");
        }
    }

    private static IEnumerable<DatasetWarning> Rare(IReadOnlyList<LabelRows> labels)
    {
        var rare = labels.Where(label => label.Rows < 2).ToList();
        if (rare.Count > 0 && labels.Count > 1)
        {
            yield return new DatasetWarning(
                "rare_class",
                $"These labels have one row each, so that they cannot be trained and validated: {Join(rare.Select(label => label.Label))}.",
                [.. rare.Take(MostShown).Select(label => label.FirstLine)]);
        }
    }

    private static IEnumerable<DatasetWarning> Imbalanced(IReadOnlyList<LabelRows> labels)
    {
        var counted = labels.Where(label => label.Rows > 1).ToList();
        if (counted.Count == 0)
        {
            yield break;
        }

        var (least, most) = (counted.MinBy(label => label.Rows), counted.MaxBy(label => label.Rows));
        if (most.Rows > MostImbalance * least.Rows)
        {
            yield return new DatasetWarning("imbalanced", Invariant(
                $"'{OpenAiError.Shorten(most.Label)}' has {most.Rows:N0} rows, '{OpenAiError.Shorten(least.Label)}' {least.Rows:N0}. ")
                + "A model may never answer the rare label; add rows of it.");
        }
    }

    private static IEnumerable<DatasetWarning> SimilarLabels(IReadOnlyList<LabelRows> labels) => labels
        .GroupBy(label => label.Label.Trim().ToLowerInvariant())
        .Where(group => group.Count() > 1)
        .Take(MostShown)
        .Select(group => new DatasetWarning(
            "similar_labels",
            $"These labels differ in case or spaces only, and are different classes: {Join(group.Select(label => label.Label))}.",
            [.. group.Take(MostShown).Select(label => label.FirstLine)]));

    private static IEnumerable<DatasetWarning> Duplicates(TextIndex exact)
    {
        if (exact.FirstRepeat is { } repeat)
        {
            var rows = exact.Repeats == 1 ? "row repeats" : "rows repeat";
            yield return new DatasetWarning(
                "duplicate_text",
                Invariant($"{exact.Repeats:N0} {rows} the text of an earlier row; the first is on line {repeat.Second} ")
                + Invariant($"and repeats line {repeat.First}. A repeated text counts more than once."),
                repeat.First, repeat.Second);
        }
    }

    private static IEnumerable<DatasetWarning> Contradictory(TextIndex exact) => Pairs(
        exact, "contradictory_label", (first, second) => Invariant($"Lines {first} and {second} have the same text and different labels."));

    private static IEnumerable<DatasetWarning> Noisy(TextIndex normalised) => Pairs(
        normalised, "label_noise",
        (first, second) => Invariant(
            $"The texts of lines {first} and {second} differ in case, spaces or punctuation only, and their labels differ."));

    private static IEnumerable<DatasetWarning> Pairs(TextIndex index, string code, Func<long, long, string> sentence)
    {
        foreach (var (first, second) in index.ContradictoryLines)
        {
            yield return new DatasetWarning(code, sentence(first, second), first, second);
        }

        var further = index.Contradictions - index.ContradictoryLines.Count;
        if (further > 0)
        {
            yield return new DatasetWarning(code, Invariant($"And {further:N0} more of this kind."));
        }
    }

    private static string Join(IEnumerable<string> names)
    {
        var shown = names.Take(MostShown + 1).Select(name => $"'{OpenAiError.Shorten(name)}'").ToList();
        return string.Join(", ", shown.Take(MostShown)) + (shown.Count > MostShown ? ", …" : "");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A label of a file, its rows, and the line of the first.</summary>
internal readonly record struct LabelRows(string Label, long Rows, long FirstLine);
