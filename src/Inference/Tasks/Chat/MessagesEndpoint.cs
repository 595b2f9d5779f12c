using Tollgate.Contracts.Anthropic;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary><c>POST /v1/messages</c>.</summary>
internal sealed class MessagesEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.Messages;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        MessagesRequest.TryParse(body, out var request, out var invalid)
            ? ConversationJob.Prepare(request, find, MessagesFormat.IdPrefix, static head => new MessagesFormat(head), cancellationToken)
            : invalid;
}
