using System.Diagnostics;
using System.Text;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Tokenizers;

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
                Plan = MakePlan(request, decoder),
                Kept = request.Sampling.N,
                Stream = request.Stream,
                PromptMember = "prompt",
                IdPrefix = "cmpl-",
                Format = head => MakeFormat(request, decoder, head),
            }.Check(),
            _ => throw new UnreachableException(),
        };
    }

    private static ChoicePlan MakePlan(CompletionRequest request, LoadedDecoder decoder)
    {
        var plan = GenerationJob.MakePlan(request.Sampling, request.Choices, decoder, score: request.BestOf > request.Sampling.N);
        IReadOnlyList<int> ends = request.Suffix is not null && !request.Sampling.IgnoreEos ? decoder.Model.Infill!.Ends : [];
        return plan with
        {
            ScoresPrompt = request.ScoresPrompt,
            StopTokens = [.. plan.StopTokens, .. ends],
            EndTokens = [.. plan.EndTokens, .. ends],
        };
    }

    private static CompletionFormat MakeFormat(CompletionRequest request, LoadedDecoder decoder, AnswerHead head)
    {
        var texts = request.Echo || request.Sampling.Logprobs is not null ? PromptTexts(request, decoder) : [];
        var before = request.ScoresPrompt ? [.. texts.Select(_ => "")] : texts; // A scored prompt's own tokens come first.
        var logprobs = request.Sampling.Logprobs is { } wanted ? new CompletionLogprobs(head.Tokenizer, before, wanted) : null;
        return new CompletionFormat(head, logprobs, request.IncludeUsage, request.Echo ? texts : null);
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

    private static OpenAiError? FindUnsupported(CompletionRequest request) => request.Stream && request.BestOf > request.Sampling.N
        ? OpenAiError.UnsupportedParameter(
            "best_of", "cannot be larger than 'n' when 'stream' is true: candidates can only be compared at their end")
        : null;

    /// <summary>For each choice the text of its prompt.</summary>
    private static string[] PromptTexts(CompletionRequest request, LoadedDecoder decoder) =>
    [
        .. from prompt in request.Prompts
           let text = prompt.Text ?? Decode(prompt.TokenIds!, decoder, request.Sampling)
           from kept in Enumerable.Repeat(text, request.Sampling.N)
           select kept,
    ];

    private static string Decode(IReadOnlyList<int> tokens, LoadedDecoder decoder, Sampling sampling)
    {
        var (bytes, writer) = (new List<byte>(), new TokenWriter(decoder.Model.WriterFor(sampling)));
        foreach (var token in tokens)
        {
            bytes.AddRange(writer.Write(token));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
