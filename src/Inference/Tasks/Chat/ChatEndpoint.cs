using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.ChatCompletions;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        ChatRequest.TryParse(body, out var request, out var invalid)
            ? ConversationJob.Prepare(
                request, find, "chatcmpl-",
                head => new ChatFormat(head, request.Sampling.Logprobs is not null, request.IncludeUsage, request.UsesFunctions),
                cancellationToken)
            : invalid;
}
