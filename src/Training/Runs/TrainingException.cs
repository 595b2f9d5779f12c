namespace Tollgate.Training.Runs;

/// <summary>A training cannot be started or carried on; the message states what to do.</summary>
public sealed class TrainingException(string message, Exception? inner = null) : Exception(message, inner);
