using System.Text.Json.Serialization;
using Tollgate.Training.Evaluation;
using Tollgate.Training.Methods;

namespace Tollgate.Training.Runs;

/// <summary>What a run made. <c>training.json</c> in the output holds it.</summary>
public sealed record TrainingResult
{
    public required TrainingMethod Method { get; init; }

    /// <summary>Why this method.</summary>
    public required string Reason { get; init; }

    /// <summary>The numbers that were used, those left to the method included.</summary>
    public required Hyperparameters Hyperparameters { get; init; }

    /// <summary>Rows of the training part, of those that may end a training, and of those held out.</summary>
    public required PartSizes Rows { get; init; }

    /// <summary>Tokens that were trained: each token of the training part once for each pass.</summary>
    public required long TrainedTokens { get; init; }

    /// <summary>Most tokens that could be trained, known before the first step.</summary>
    public required long TokenBound { get; init; }

    /// <summary>Each epoch on rows that it was not trained on.</summary>
    public required IReadOnlyList<EpochMetrics> Epochs { get; init; }

    public required EvaluationReport Evaluation { get; init; }

    /// <summary>What the trained model gave the rows held out, in the order of the files.</summary>
    [JsonIgnore]
    internal IReadOnlyList<ScoredRow> HeldOut { get; init; } = [];

    /// <summary>The served graph in 8 bits beside the trained one; null for float32.</summary>
    public ParityReport? Int8 { get; init; }
}

/// <summary>Rows of each part of a run.</summary>
public sealed record PartSizes(int Train, int Watch, int HeldOut);

/// <summary>A graph beside the one that it was made from, on the rows held out.</summary>
/// <param name="LargestDifference">Of a score, 0 to 1.</param>
/// <param name="OtherAnswers">Rows whose label differs.</param>
/// <param name="Accuracy">Of the new graph.</param>
public sealed record ParityReport(double LargestDifference, int OtherAnswers, double Accuracy, long Bytes, long TrainedBytes);

/// <summary>JSON of results: names in snake_case, without nulls.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(TrainingResult))]
[JsonSerializable(typeof(TrainingSettings))]
internal sealed partial class TrainingJson : JsonSerializerContext;
