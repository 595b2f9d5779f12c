namespace Tollgate.Training.Runs;

/// <summary>What a run reads and where it writes.</summary>
public sealed record TrainingRequest
{
    /// <summary>A version's folder of the model repository with an embedding model; null for an LSTM.</summary>
    public string? BaseModel { get; init; }

    /// <summary>Examples, JSONL or CSV.</summary>
    public required string TrainingFile { get; init; }

    /// <summary>Held-out examples; null to hold out a part of the training file.</summary>
    public string? ValidationFile { get; init; }

    /// <summary>Receives the model, as the importer takes it, and the evaluation. It must not exist, or be empty.</summary>
    public required string Output { get; init; }

    /// <summary>Keeps checkpoints. A run with the same files and settings goes on where the last one ended.</summary>
    public required string WorkFolder { get; init; }

    public TrainingSettings Settings { get; init; } = new();
}

/// <summary>Where a run is.</summary>
/// <param name="Stage">What is being done, lower case, such as <c>training</c>.</param>
public sealed record TrainingProgress(string Stage)
{
    /// <summary>Steps that are done, in all runs from the first start on.</summary>
    public long Step { get; init; }

    /// <summary>Steps of all epochs.</summary>
    public long Steps { get; init; }

    /// <summary>Of the last step.</summary>
    public double? Loss { get; init; }

    /// <summary>Set after an epoch.</summary>
    public EpochMetrics? Epoch { get; init; }

    /// <summary>Tokens that are trained so far.</summary>
    public long TrainedTokens { get; init; }

    /// <summary>Those of <see cref="TrainedTokens"/> that are on the disk: a run that is killed goes on from there. Never falls.</summary>
    public long DurableTokens { get; init; }

    /// <summary>Set once a start, when it is known: the durable tokens of earlier starts, from which it goes on.</summary>
    public long? ResumedTokens { get; init; }

    /// <summary>Whether a checkpoint was written after this step.</summary>
    public bool IsCheckpoint { get; init; }

    /// <summary>Most tokens that will be trained.</summary>
    public long TokenBound { get; init; }

    /// <summary>By the mean of the steps of this start; null before the first one.</summary>
    public TimeSpan? TimeLeft { get; init; }
}

/// <summary>A model on rows that it is not trained on, after an epoch.</summary>
/// <param name="Epoch">Counted from 1.</param>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="Accuracy">0 to 1.</param>
/// <param name="MacroF1">Mean F1 of the labels, 0 to 1.</param>
/// <param name="TrainLoss">Mean loss of the epoch's steps, each before its update.</param>
public sealed record EpochMetrics(int Epoch, double Loss, double Accuracy, double MacroF1, double TrainLoss);
