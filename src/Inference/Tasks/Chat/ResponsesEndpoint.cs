using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary><c>POST /v1/responses</c>. A gateway has put the whole conversation into the request.</summary>
internal sealed class ResponsesEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.Responses;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!ResponsesRequest.TryParse(body, out var request, out var invalid))
        {
            return invalid;
        }

        return request.FindGap() is { } gap
            ? gap
            : ConversationJob.Prepare(
                request, find, ResponseIds.Prefix, head => new ResponsesFormat(head, request), cancellationToken);
    }
}
