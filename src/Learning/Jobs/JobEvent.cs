using System.Globalization;
using System.Text.Json;
using Tollgate.Contracts.Learning;

namespace Tollgate.Learning.Jobs;

/// <summary>Something that happened to a job, before it is kept.</summary>
/// <param name="Level"><c>info</c>, <c>warn</c> or <c>error</c>.</param>
/// <param name="Data">JSON; null for a message alone, otherwise the event has the type <c>metrics</c>.</param>
internal sealed record JobEvent(string Level, string Message, string? Data = null)
{
    public string Type => Data is null ? "message" : "metrics";

    public static JobEvent Info(string message) => new("info", message);

    public static JobEvent Warn(string message) => new("warn", message);

    public static JobEvent Error(JobError error) => new("error", error.Message);

    /// <summary>Figures of a run.</summary>
    public static JobEvent Of(TrainingEvent from) => new(
        "info", MessageOf(from),
        JsonSerializer.Serialize(
            new JobMetrics(
                from.Step, from.Steps, from.Epoch, from.Stage, from.TrainLoss, from.ValidLoss, from.Accuracy, from.MacroF1,
                from.TrainedTokens),
            JobJson.Default.JobMetrics));

    private static string MessageOf(TrainingEvent from)
    {
        var place = $"step {from.Step ?? 0}/{from.Steps ?? 0}";
        var losses = (from.TrainLoss is { } train ? Figure(", training loss=", train) : "")
            + (from.ValidLoss is { } valid ? Figure(", validation loss=", valid) : "")
            + (from.Accuracy is { } accuracy ? Figure(", accuracy=", accuracy) : "");
        return from.Kind switch
        {
            TrainingEventKind.Epoch => $"Epoch {from.Epoch} measured at {place}{losses}",
            TrainingEventKind.Checkpoint => $"Checkpoint at {place}{losses}",
            _ => $"{(from.Stage is { Length: > 0 } stage ? char.ToUpperInvariant(stage[0]) + stage[1..] : "Training")}: {place}{losses}",
        };
    }

    private static string Figure(string name, double value) => name + value.ToString("0.####", CultureInfo.InvariantCulture);
}

/// <summary>Figures of an event, its <c>data</c>.</summary>
internal sealed record JobMetrics(
    long? Step, long? Steps, int? Epoch, string? Stage, double? TrainLoss, double? ValidLoss, double? Accuracy, double? MacroF1,
    long? TrainedTokens);

/// <summary>An event that is kept.</summary>
internal sealed record StoredEvent(
    Guid Id, int Number, DateTimeOffset CreatedAt, string Level, string Type, string Message, string? Data);

/// <summary>A checkpoint that is kept.</summary>
internal sealed record StoredCheckpoint(
    Guid Id, long Step, DateTimeOffset CreatedAt, double? TrainLoss, double? ValidLoss, double? Accuracy);
