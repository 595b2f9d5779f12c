using System.Diagnostics;
using System.Text;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary><c>POST /v1/completions</c>.</summary>
internal sealed class CompletionEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.Completions;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!CompletionRequest.TryParse(body, out var request, out var invalid))
        {
            return invalid;
        }

        if (find(request.Model) is not LoadedDecoder decoder)
        {
            return OpenAiError.ModelNotFound(request.Model);
        }

        if ((GenerationJob.FindUnknownToken(request.Sampling, decoder) ?? FindUnsupported(request)
            ?? FindUnknownToken(request.Prompts, decoder)) is { } error)
        {
            return error;
        }

        return decoder.Prompts.Read(request, decoder, cancellationToken) switch
        {
            PromptReading.Unreadable unreadable => unreadable.Error,
            PromptReading.Ids read => new GenerationJob
            {
                Decoder = decoder,
                Prompts = read.Prompts,
                Plan = GenerationJob.MakePlan(request.Sampling, request.Choices, decoder, score: request.BestOf > request.Sampling.N),
                Kept = request.Sampling.N,
                Stream = request.Stream,
                PromptMember = "prompt",
                IdPrefix = "cmpl-",
                Format = head => new CompletionFormat(
                    head,
                    request.Sampling.Logprobs is { } wanted
                        ? new CompletionLogprobs(decoder.Model.Tokenizer, PromptTexts(request, decoder), wanted) : null,
                    request.IncludeUsage, request.Echo ? PromptTexts(request, decoder) : null),
            }.Check(),
            _ => throw new UnreachableException(),
        };
    }

    private static OpenAiError? FindUnknownToken(IReadOnlyList<PromptInput> prompts, LoadedDecoder decoder)
    {
        var vocabulary = decoder.Model.Tokenizer.VocabularySize;
        foreach (var token in prompts.SelectMany(prompt => prompt.TokenIds ?? []))
        {
            if (token < 0 || token >= vocabulary)
            {
                return OpenAiError.InvalidValue("prompt", $"token ids below {vocabulary}", $"{token}");
            }
        }

        return null;
    }

    private static OpenAiError? FindUnsupported(CompletionRequest request)
    {
        if (request.Echo && request.Sampling.Logprobs is not null)
        {
            return OpenAiError.UnsupportedParameter(
                "logprobs", "is not supported together with 'echo': the prompt's own log-probabilities are not kept");
        }

        return request.Stream && request.BestOf > request.Sampling.N
            ? OpenAiError.UnsupportedParameter(
                "best_of", "cannot be larger than 'n' when 'stream' is true: candidates can only be compared at their end")
            : null;
    }

    /// <summary>For each choice the text of its prompt.</summary>
    private static string[] PromptTexts(CompletionRequest request, LoadedDecoder decoder) =>
        [.. request.Prompts.SelectMany(prompt => Enumerable.Repeat(prompt.Text ?? Decode(prompt.TokenIds!, decoder), request.Sampling.N))];

    private static string Decode(IReadOnlyList<int> tokens, LoadedDecoder decoder)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            bytes.AddRange(decoder.Model.Tokenizer.TokenBytes(token));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
