using System.Globalization;
using System.Text.Json;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.FineTuning;

/// <summary>Formats jobs and figures for pages.</summary>
internal static class ShowJob
{
    /// <summary>What <c>metric</c> of a deployment may be, with its name in pages.</summary>
    public static readonly IReadOnlyList<(string Metric, string Label)> Metrics =
        [("accuracy", "Accuracy"), ("macro_f1", "Macro F1"), ("roc_auc", "Area under the ROC curve")];

    public static string Cost(JobEntry job) =>
        decimal.TryParse(job.CostUsd, NumberStyles.Float, CultureInfo.InvariantCulture, out var usd) ? Show.Usd(usd) : "—";

    /// <summary>Formats a share with one decimal of a per cent.</summary>
    public static string Share(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    public static string Share(double? share) => share is { } known ? Share(known) : "—";

    public static string Interval(IntervalEntry? interval) =>
        interval is null ? "" : $"{Share(interval.Low)} to {Share(interval.High)}";

    /// <summary>Formats a hyperparameter: a number or <c>auto</c>.</summary>
    public static string Number(JsonElement? value) => value switch
    {
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        { ValueKind: JsonValueKind.String } text => text.GetString() ?? "auto",
        _ => "auto",
    };

    /// <summary>Formats a time that is left, roughly.</summary>
    public static string Left(TimeSpan left) => left switch
    {
        { TotalSeconds: <= 0 } => "moments",
        { TotalMinutes: < 2 } => $"{Math.Ceiling(left.TotalSeconds):0} seconds",
        { TotalHours: < 2 } => $"{Math.Ceiling(left.TotalMinutes):0} minutes",
        _ => $"{Math.Ceiling(left.TotalHours):0} hours",
    };

    /// <summary>The settings of a job as a person reads them; the plan fills in what was left to the method.</summary>
    public static IReadOnlyList<(string Name, string Value)> Settings(JobEntry job) =>
    [
        ("From", job.Model),
        ("Method", job.Plan?.Method ?? job.Method?.Type ?? "—"),
        ("Epochs", Number(job.Hyperparameters?.NEpochs)),
        ("Rows of a step", Number(job.Hyperparameters?.BatchSize)),
        ("Learning rate, times", Number(job.Hyperparameters?.LearningRateMultiplier)),
        ("Seed", job.Seed?.ToString(CultureInfo.InvariantCulture) ?? "—"),
        ("Validation", job.ValidationFile is not null ? "a file of its own" : "a part of the examples"),
        ("Rows", job.Plan is { } plan ? $"{Show.Count(plan.TrainingRows)} trained on, {Show.Count(plan.ValidationRows)} held out" : "—"),
        ("Most trained tokens", job.Plan is { } known ? Show.Count(known.TokenBound) : "—"),
        ("Budget", Budget(job.Budget)),
    ];

    private static string Budget(JobBudget? budget)
    {
        string?[] parts =
        [
            budget?.TrainedTokens is { } tokens ? $"{Show.Count(tokens)} tokens" : null, budget?.Usd is { } usd ? $"${usd}" : null,
        ];
        return parts.Any(part => part is not null) ? string.Join(", ", parts.OfType<string>()) : "no limit of its own";
    }
}
