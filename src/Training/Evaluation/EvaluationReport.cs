using Tollgate.Contracts.Datasets;

namespace Tollgate.Training.Evaluation;

/// <summary>What a model does with rows that it was not trained on.</summary>
public sealed record EvaluationReport
{
    /// <summary>Mistakes and doubtful labels that a report lists.</summary>
    internal const int MostListed = 20;

    /// <summary>A row whose label gets less than 1 − this, and another label more than this, may be labelled wrongly.</summary>
    internal const double DoubtfulScore = 0.95;

    private const int LongestText = 200;

    /// <summary>Rows held out.</summary>
    public required int Rows { get; init; }

    public required ClassificationMetrics Metrics { get; init; }

    public required ConfidenceInterval AccuracyInterval { get; init; }

    public required ConfidenceInterval MacroF1Interval { get; init; }

    /// <summary>Area under the receiver's curve for the second of two labels; null for more labels, or where one has no row.</summary>
    public double? RocAuc { get; init; }

    /// <summary>The receiver's curve, at most 101 points; null where there is no area.</summary>
    public IReadOnlyList<RocPoint>? RocCurve { get; init; }

    /// <summary>Null for more than two labels.</summary>
    public Calibration? Calibration { get; init; }

    /// <summary>What simpler classifiers reach on the same rows.</summary>
    public required IReadOnlyList<Baseline> Baselines { get; init; }

    /// <summary>The rows whose label got the lowest scores, worst first.</summary>
    public required IReadOnlyList<Mistake> Mistakes { get; init; }

    /// <summary>Held-out texts that the training part holds too.</summary>
    public required LeakReport Leaks { get; init; }

    /// <summary>Rows of the files that contradict each other, and held-out rows where the model is sure of another label.</summary>
    public required IReadOnlyList<DatasetWarning> LabelNoise { get; init; }

    /// <param name="names">Labels by number.</param>
    /// <param name="seed">Decides the draws of the intervals.</param>
    internal static EvaluationReport Of(
        IReadOnlyList<ScoredRow> rows, IReadOnlyList<string> names, IReadOnlyList<Baseline> baselines, DatasetChecks checks, ulong seed)
    {
        (int Label, int Predicted)[] predictions = [.. rows.Select(row => (row.Label, row.Predicted))];
        (double Score, bool IsPositive)[] second = [.. rows.Select(row => (row.Scores[1], row.Label == 1))];
        var mistakes = rows.Where(row => !row.IsRight).OrderBy(row => row.Scores[row.Label]).ThenBy(row => row.Line).ToArray();
        return new EvaluationReport
        {
            Rows = rows.Count,
            Metrics = ClassificationMetrics.Of(predictions, names),
            AccuracyInterval = Bootstrap.Interval(
                predictions, drawn => drawn.Count(row => row.Label == row.Predicted) / (double)drawn.Count, seed),
            MacroF1Interval = Bootstrap.Interval(predictions, drawn => ClassificationMetrics.Of(drawn, names).Macro.F1, seed),
            RocAuc = names.Count == 2 ? Evaluation.RocCurve.Area(second) : null,
            RocCurve = names.Count == 2 ? Evaluation.RocCurve.Points(second) : null,
            Calibration = names.Count == 2 ? Calibration.Of(names[1], second) : null,
            Baselines = baselines,
            Mistakes =
            [
                .. mistakes.Take(MostListed).Select(row => new Mistake(
                    row.Line, Shorten(row.Text), names[row.Label], names[row.Predicted], row.Scores[row.Predicted], row.Scores[row.Label])),
            ],
            Leaks = checks.Leaks,
            LabelNoise = [.. checks.LabelNoise, .. Doubtful(mistakes, names)],
        };
    }

    private static IEnumerable<DatasetWarning> Doubtful(ScoredRow[] mistakes, IReadOnlyList<string> names) => mistakes
        .Where(row => row.Scores[row.Predicted] > DoubtfulScore)
        .Take(MostListed)
        .Select(row => new DatasetWarning(
            "doubtful_label",
            $"Line {row.Line} is labelled '{names[row.Label]}', and the model is sure of '{names[row.Predicted]}'. Look at the label.",
            row.Line));

    private static string Shorten(string text) => text.Length <= LongestText
        ? text
        : $"{text[..(char.IsHighSurrogate(text[LongestText - 1]) ? LongestText - 1 : LongestText)]}…";
}

/// <summary>What the files themselves show.</summary>
internal sealed record DatasetChecks(LeakReport Leaks, IReadOnlyList<DatasetWarning> LabelNoise);

/// <summary>A simpler classifier on the same rows.</summary>
/// <param name="Name"><c>majority</c> (always the most frequent label of the training part) or <c>linear head</c>.</param>
public sealed record Baseline(string Name, double Accuracy, double MacroF1);

/// <summary>A row that the model gets wrong.</summary>
/// <param name="Line">In the file of the row, from 1.</param>
/// <param name="Text">At most 200 characters.</param>
/// <param name="Score">Score of the predicted label.</param>
/// <param name="LabelScore">Score of the row's own label.</param>
public sealed record Mistake(long Line, string Text, string Label, string Predicted, double Score, double LabelScore);
