using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary><c>POST /v1/classifications</c>.</summary>
internal sealed class ClassificationEndpoint : ITaskEndpoint
{
    /// <summary>Most scores of an answer, over all inputs: about 6 MB of JSON.</summary>
    private const int MostScores = 100_000;

    public PublicEndpoint Api => PublicEndpoint.Classifications;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!ClassificationRequest.TryParse(body, out var request, out var invalid))
        {
            return invalid;
        }

        if (find(request.Model) is not LoadedClassifier classifier)
        {
            return OpenAiError.ModelNotFound(request.Model);
        }

        if (ClassificationJob.RefuseLabel(request.Explain, classifier) is { } refusal)
        {
            return refusal;
        }

        var scored = Math.Min(request.ScoredLabels ?? 0, classifier.Classifier.Classification.Labels.Count);
        return (long)scored * request.Inputs.Count > MostScores
            ? OpenAiError.InvalidValue(
                request.ScoredLabels == int.MaxValue ? "return_all_scores" : "top_n",
                $"at most {MostScores} scores over all inputs", $"{scored} for each of {request.Inputs.Count}")
            : new PreparedRequest.Ready(new ClassificationJob(
                classifier, request.Inputs, "input", (json, result) => ClassificationFormat.Write(json, result, request.ScoredLabels))
            {
                Truncation = request.Truncation,
                Explain = request.Explain,
            });
    }
}
