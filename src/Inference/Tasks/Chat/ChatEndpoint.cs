using System.Diagnostics;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.ChatCompletions;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!ChatRequest.TryParse(body, out var request, out var invalid))
        {
            return invalid;
        }

        if (find(request.Model) is not LoadedDecoder decoder)
        {
            return OpenAiError.ModelNotFound(request.Model);
        }

        if (GenerationJob.FindUnknownToken(request.Sampling, decoder) is { } unknown)
        {
            return unknown;
        }

        return decoder.Prompts.Read(request, decoder, cancellationToken) switch
        {
            PromptReading.Unreadable unreadable => unreadable.Error,
            PromptReading.Ids read => new GenerationJob
            {
                Decoder = decoder,
                Prompts = read.Prompts,
                Plan = GenerationJob.MakePlan(request.Sampling, request.Sampling.N, decoder, score: false),
                Kept = request.Sampling.N,
                Stream = request.Stream,
                PromptMember = "messages",
                IdPrefix = "chatcmpl-",
                Format = head => new ChatFormat(head, request.Sampling.Logprobs is not null, request.IncludeUsage),
            }.Check(),
            _ => throw new UnreachableException(),
        };
    }
}
