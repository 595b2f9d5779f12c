namespace Tollgate.Accounts.FineTuning;

/// <summary>How a trained model does on rows that it was not trained on, as a trainer's <c>training.json</c> has it. Figures are 0 to 1.
/// </summary>
public sealed record EvaluationEntry(int Rows, MetricsEntry Metrics)
{
    public IntervalEntry? AccuracyInterval { get; init; }

    public IntervalEntry? MacroF1Interval { get; init; }

    /// <summary>Null for more than two labels.</summary>
    public double? RocAuc { get; init; }

    /// <summary>Points of the curve; null where the trainer leaves none.</summary>
    public IReadOnlyList<RocPoint>? RocCurve { get; init; }

    /// <summary>Null for more than two labels.</summary>
    public CalibrationEntry? Calibration { get; init; }

    public IReadOnlyList<BaselineEntry> Baselines { get; init; } = [];

    /// <summary>Worst first.</summary>
    public IReadOnlyList<MistakeEntry> Mistakes { get; init; } = [];

    public LeaksEntry? Leaks { get; init; }

    public IReadOnlyList<HintEntry> LabelNoise { get; init; } = [];
}

/// <param name="Confusion">Rows by their label (outer) and the predicted label (inner), in the order of the labels.</param>
public sealed record MetricsEntry(
    double Accuracy, AverageEntry Macro, IReadOnlyList<LabelEntry> Labels, IReadOnlyList<IReadOnlyList<int>> Confusion);

public sealed record AverageEntry(double Precision, double Recall, double F1);

/// <param name="Rows">Rows with this label.</param>
public sealed record LabelEntry(string Label, double Precision, double Recall, double F1, int Rows);

/// <summary>Holds the figure in 95 of 100 such samples.</summary>
public sealed record IntervalEntry(double Low, double High);

public sealed record RocPoint(double FalsePositiveRate, double TruePositiveRate);

/// <param name="Positive">The label whose score is looked at.</param>
public sealed record CalibrationEntry(string Positive, double ExpectedError, double Brier, IReadOnlyList<BinEntry> Bins);

/// <summary>Rows whose scores lie between two numbers.</summary>
public sealed record BinEntry(double From, double To, int Rows, double MeanScore, double PositiveShare);

/// <summary>A simpler classifier on the same rows.</summary>
public sealed record BaselineEntry(string Name, double Accuracy, double MacroF1);

/// <param name="Line">In the file of the row, from 1.</param>
/// <param name="Score">Of the predicted label.</param>
public sealed record MistakeEntry(long Line, string Text, string Label, string Predicted, double Score, double LabelScore);

/// <summary>Held-out texts that the training part holds too.</summary>
public sealed record LeaksEntry(long Exact, long Similar, IReadOnlyList<LeakEntry>? Leaks);

public sealed record LeakEntry(long TrainingLine, long ValidationLine, bool IsExact);

/// <summary>A label that may be wrong.</summary>
public sealed record HintEntry(string Code, string Message);
