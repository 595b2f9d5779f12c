using System.Text.Json;

namespace Tollgate.Accounts.FineTuning;

/// <summary>Figures of a job over time, read from its metrics events. A member that an event lacks is no point of its curve.</summary>
/// <param name="TrainLoss">By step.</param>
/// <param name="ValidLoss">By step, on rows that are not trained on, as accuracy and F1 are.</param>
/// <param name="Accuracy">By epoch.</param>
/// <param name="MacroF1">By epoch.</param>
public sealed record JobCurves(CurveLine TrainLoss, CurveLine ValidLoss, CurveLine Accuracy, CurveLine MacroF1)
{
    /// <summary>Events that a page reads.</summary>
    public const int MostEvents = 1_000;

    /// <summary>Steps done and steps of all epochs; null before the first event that names them.</summary>
    public long? Step { get; init; }

    public long? Steps { get; init; }

    /// <summary>Of the newest event that has it.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>Whether no event had a figure of a curve.</summary>
    public bool IsEmpty => TrainLoss.Points.Count + ValidLoss.Points.Count + Accuracy.Points.Count + MacroF1.Points.Count == 0;

    /// <param name="events">In any order.</param>
    internal static JobCurves Of(IEnumerable<JobEventEntry> events)
    {
        List<(double, double)> train = [], valid = [], accuracy = [], f1 = [];
        var (step, steps, left) = ((long?)null, (long?)null, (double?)null);
        foreach (var data in events.OrderBy(one => one.CreatedAt).ThenBy(one => one.Id, StringComparer.Ordinal)
            .Select(one => one.Data).OfType<JsonElement>().Where(data => data.ValueKind == JsonValueKind.Object))
        {
            step = (long?)Read(data, "step") ?? step;
            steps = (long?)(Read(data, "total_steps") ?? Read(data, "steps")) ?? steps;
            left = Read(data, "seconds_left") ?? left;
            Add(train, step, Read(data, "train_loss"));
            Add(valid, step, Read(data, "valid_loss") ?? Read(data, "full_valid_loss"));
            var epoch = Read(data, "epoch");
            Add(accuracy, epoch, Read(data, "accuracy") ?? Read(data, "valid_accuracy"));
            Add(f1, epoch, Read(data, "macro_f1") ?? Read(data, "valid_macro_f1"));
        }

        return new JobCurves(
            new CurveLine("training", train), new CurveLine("validation", valid), new CurveLine("accuracy", accuracy),
            new CurveLine("macro F1", f1))
        {
            Step = step,
            Steps = steps,
            SecondsLeft = left,
        };
    }

    private static void Add(List<(double, double)> points, double? x, double? y)
    {
        if (x is { } at && y is { } value)
        {
            points.Add((at, value));
        }
    }

    private static double? Read(JsonElement data, string member) =>
        data.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            ? number : null;
}
