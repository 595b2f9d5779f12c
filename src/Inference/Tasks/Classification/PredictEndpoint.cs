using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary><c>POST /predict</c>.</summary>
internal sealed class PredictEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.Predict;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!PredictRequest.TryParse(body, asked: null, out var request, out var invalid))
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

        return new PreparedRequest.Ready(new ClassificationJob(
            classifier, request.Inputs, "data", (json, result) => PredictFormat.Write(json, result, request.IsList))
        {
            Explain = request.Explain,
        });
    }
}
