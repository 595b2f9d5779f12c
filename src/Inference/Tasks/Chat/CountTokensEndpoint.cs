using System.Diagnostics;
using Tollgate.Contracts.Anthropic;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary><c>POST /v1/messages/count_tokens</c>: makes the prompt as <see cref="MessagesEndpoint"/> does and runs nothing.</summary>
internal sealed class CountTokensEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.Messages;

    public string Path => Api.Paths[1];

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!CountTokensRequest.TryParse(body, out var request, out var invalid))
        {
            return invalid;
        }

        if (find(request.Model) is not LoadedDecoder decoder)
        {
            return OpenAiError.ModelNotFound(request.Model);
        }

        return decoder.Prompts.Read(request, decoder, cancellationToken) switch
        {
            PromptReading.Unreadable unreadable => unreadable.Error,
            PromptReading.Ids read => new PreparedRequest.Ready(
                new CountTokensJob(decoder, read.Prompts.Sum(static prompt => (long)prompt.Length))),
            _ => throw new UnreachableException(),
        };
    }
}

/// <summary>A prompt that was counted.</summary>
internal sealed record CountTokensJob(LoadedModel Model, long Tokens) : ITaskJob
{
    public ITaskRun Begin(RequestScope scope) => new CountTokensRun(Tokens, scope);
}

/// <summary>Answers with a count. It uses no unit, so the worker's log has no line of it.</summary>
internal sealed class CountTokensRun(long tokens, RequestScope scope) : UnaryRun(scope)
{
    public override Units Units => default;

    protected override Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken) =>
        Task.FromResult<UnaryOutcome>(new UnaryOutcome.Computed(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("input_tokens", tokens);
            json.WriteEndObject();
        }));
}
