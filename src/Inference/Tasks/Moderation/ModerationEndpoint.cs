using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Moderation;

/// <summary><c>POST /v1/moderations</c>, over classifiers of texts and of pictures.</summary>
internal sealed class ModerationEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.Moderations;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!ModerationRequest.TryParse(body, out var request, out var invalid))
        {
            return invalid;
        }

        if (find(request.Model) is not IModerator { Moderation: { } map } moderator)
        {
            return OpenAiError.ModelNotFound(request.Model);
        }

        return request.Refuse(request.Model, moderator.JudgesPictures) is { } refusal
            ? refusal : new PreparedRequest.Ready(moderator.Moderate(request, map));
    }
}
