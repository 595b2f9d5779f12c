using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary><c>POST /v1/moderations</c>.</summary>
internal sealed class ModerationEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.Moderations;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!ModerationRequest.TryParse(body, out var request, out var invalid))
        {
            return invalid;
        }

        return find(request.Model) is LoadedClassifier { Classifier.Classification.Moderation: { } map } classifier
            ? new PreparedRequest.Ready(new ClassificationJob(
                classifier, request.Inputs, "input", (json, result) => ModerationFormat.Write(json, result, map, request.IsOneInput)))
            : OpenAiError.ModelNotFound(request.Model);
    }
}
