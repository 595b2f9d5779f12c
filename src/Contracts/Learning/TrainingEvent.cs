using System.Text.Json;

namespace Tollgate.Contracts.Learning;

/// <summary>Kinds of <see cref="TrainingEvent"/>.</summary>
public enum TrainingEventKind
{
    /// <summary>The run has begun, at <see cref="TrainingEvent.Step"/>. Names the trainer.</summary>
    Started = 0,

    /// <summary>Where the run is; sent now and then, also to show that it lives.</summary>
    Progress,

    /// <summary>An epoch was measured.</summary>
    Epoch,

    /// <summary>A checkpoint is durable at the trainer.</summary>
    Checkpoint,

    /// <summary>The model is trained, evaluated and stored at Learning. The last event.</summary>
    Finished,

    /// <summary>Files or numbers do not fit together: no further run helps. The last event.</summary>
    Failed,
}

/// <summary>One event of a run. What does not belong to its kind is null.</summary>
public sealed record TrainingEvent(TrainingEventKind Kind)
{
    /// <summary>Name of the trainer in the directory of workers; later runs of the job go there.</summary>
    public string? Trainer { get; init; }

    /// <summary>What is being done, lower case, such as <c>training</c>.</summary>
    public string? Stage { get; init; }

    /// <summary>Steps of the job that are done.</summary>
    public long? Step { get; init; }

    /// <summary>Steps of all epochs.</summary>
    public long? Steps { get; init; }

    /// <summary>Mean loss of the steps since the last event that had one.</summary>
    public double? TrainLoss { get; init; }

    /// <summary>Counted from 1.</summary>
    public int? Epoch { get; init; }

    /// <summary>After an epoch, on rows that are not trained on, as accuracy and F1 are.</summary>
    public double? ValidLoss { get; init; }

    public double? Accuracy { get; init; }

    public double? MacroF1 { get; init; }

    /// <summary>Tokens of the whole job that are trained, those of earlier runs included.</summary>
    public long? TrainedTokens { get; init; }

    public double? SecondsLeft { get; init; }

    /// <summary>Of <see cref="TrainingEventKind.Finished"/>: the trainer's <c>training.json</c>, the evaluation included.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>Of <see cref="TrainingEventKind.Failed"/>.</summary>
    public string? Code { get; init; }

    public string? Message { get; init; }

    /// <summary>Member of the job's request that is wrong; null where none is.</summary>
    public string? Param { get; init; }
}
