using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>A request that a classifier can take.</summary>
/// <param name="Param">Name of the member that holds the inputs.</param>
/// <param name="Write">Writes the answer's JSON.</param>
internal sealed record ClassificationJob(
    LoadedClassifier Classifier, IReadOnlyList<PromptInput> Inputs, string Param, Action<Utf8JsonWriter, ClassificationResult> Write)
    : ITaskJob
{
    public TextTruncation Truncation { get; init; }

    /// <summary>Null for an answer without explanations.</summary>
    public ExplanationRequest? Explain { get; init; }

    public LoadedModel Model => Classifier;

    /// <summary>The error of a request to explain a label that a model does not have; null where it has it.</summary>
    public static OpenAiError? RefuseLabel(ExplanationRequest? explain, LoadedClassifier classifier) =>
        explain?.Label is { } label && !classifier.Labels.Contains(label)
            ? OpenAiError.InvalidValue("explain.label", $"a label of '{classifier.Name}'", $"'{OpenAiError.Shorten(label)}'")
            : null;

    public ITaskRun Begin(RequestScope scope) => new ClassificationRun(this, scope);
}

/// <summary>What a classifier found.</summary>
/// <param name="Request">The request's id.</param>
/// <param name="Scores">In the order of the inputs.</param>
/// <param name="Tokens">Of all inputs, those that frame a text included, as often as they were read.</param>
internal sealed record ClassificationResult(Guid Request, string Model, IReadOnlyList<LabelScores> Scores, long Tokens)
{
    /// <summary>In the order of the inputs; null where none were asked for.</summary>
    public IReadOnlyList<ScoreExplanation>? Explanations { get; init; }
}
