namespace Tollgate.Training.Runs;

/// <summary>A training cannot be started or carried on; the message states what to do.</summary>
public class TrainingException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What is wrong: <c>training_file</c>, <c>validation_file</c>, or a setting by its name in the API; null where it is none
    /// of them.</summary>
    public string? Param { get; init; }
}

/// <summary>The work folder holds checkpoints of a training with other files, settings or another runtime.</summary>
public sealed class OtherCheckpointsException(string folder) : TrainingException(
    $"'{folder}' holds checkpoints of a training with other files or settings. Name another folder, or empty it.");
