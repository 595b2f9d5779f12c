using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Serving;

/// <summary><c>POST /v1/chat/completions</c> and <c>POST /v1/completions</c>.</summary>
internal static class GenerationEndpoints
{
    public static void MapGeneration(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/chat/completions", ChatAsync);
        routes.MapPost("/completions", CompleteAsync);
    }

    private static async Task ChatAsync(HttpContext context, ServedModels models, PromptReader prompts, Answers answers)
    {
        if (await RequestIntake.ReadBodyAsync(context) is not { } body)
        {
            return;
        }

        var error = ChatRequest.TryParse(body, out var request, out var invalid)
            ? Plan(request, models, prompts, out var job, context.RequestAborted)
            : Refuse(invalid, out job);
        await (job is null ? ErrorAnswer.WriteAsync(context, error!) : answers.RunAsync(context, job));
    }

    private static async Task CompleteAsync(HttpContext context, ServedModels models, PromptReader prompts, Answers answers)
    {
        if (await RequestIntake.ReadBodyAsync(context) is not { } body)
        {
            return;
        }

        var error = CompletionRequest.TryParse(body, out var request, out var invalid)
            ? Plan(request, models, prompts, out var job, context.RequestAborted)
            : Refuse(invalid, out job);
        await (job is null ? ErrorAnswer.WriteAsync(context, error!) : answers.RunAsync(context, job));
    }

    private static OpenAiError Refuse(OpenAiError error, out AnswerJob? job)
    {
        job = null;
        return error;
    }

    private static OpenAiError? Plan(
        ChatRequest request, ServedModels models, PromptReader prompts, out AnswerJob? job, CancellationToken cancellationToken)
    {
        job = null;
        if (models.Find(request.Model) is not LoadedDecoder decoder)
        {
            return OpenAiError.ModelNotFound(request.Model);
        }

        if (FindUnknownToken(request.Sampling, decoder) is { } error)
        {
            return error;
        }

        var (prompt, unreadable) = prompts.Read(request, decoder, cancellationToken);
        if (prompt is null)
        {
            return unreadable;
        }

        job = new AnswerJob
        {
            Decoder = decoder,
            Prompts = [prompt],
            Plan = MakePlan(request.Sampling, request.Sampling.N, decoder, score: false),
            Kept = request.Sampling.N,
            Stream = request.Stream,
            PromptMember = "messages",
            Operation = "chat",
            IdPrefix = "chatcmpl-",
            Format = head => new ChatFormat(head, request.Sampling.Logprobs is not null, request.IncludeUsage),
        };
        return null;
    }

    private static OpenAiError? Plan(
        CompletionRequest request, ServedModels models, PromptReader prompts, out AnswerJob? job, CancellationToken cancellationToken)
    {
        job = null;
        if (models.Find(request.Model) is not LoadedDecoder decoder)
        {
            return OpenAiError.ModelNotFound(request.Model);
        }

        if ((FindUnknownToken(request.Sampling, decoder) ?? FindUnsupported(request)
            ?? FindUnknownToken(request.Prompts, decoder)) is { } error)
        {
            return error;
        }

        var (ids, unreadable) = prompts.Read(request, decoder, cancellationToken);
        if (ids is null)
        {
            return unreadable;
        }

        job = new AnswerJob
        {
            Decoder = decoder,
            Prompts = ids,
            Plan = MakePlan(request.Sampling, request.Choices, decoder, score: request.BestOf > request.Sampling.N),
            Kept = request.Sampling.N,
            Stream = request.Stream,
            PromptMember = "prompt",
            Operation = "text_completion",
            IdPrefix = "cmpl-",
            Format = head => new CompletionFormat(
                head,
                request.Sampling.Logprobs is { } wanted
                    ? new CompletionLogprobs(decoder.Model.Tokenizer, PromptTexts(request, decoder), wanted) : null,
                request.IncludeUsage, request.Echo ? PromptTexts(request, decoder) : null),
        };
        return null;
    }

    private static ChoicePlan MakePlan(Sampling sampling, int choices, LoadedDecoder decoder, bool score)
    {
        var cap = sampling.MaxTokens ?? Math.Min(decoder.Installed.Manifest.Limits.DefaultMaxOutput, decoder.Scheduler.MaxLength);
        return new ChoicePlan(sampling, choices, (int)Math.Min(cap, int.MaxValue), sampling.Seed ?? Random.Shared.NextInt64(), score);
    }

    private static OpenAiError? FindUnknownToken(Sampling sampling, LoadedDecoder decoder)
    {
        var vocabulary = decoder.Model.Tokenizer.VocabularySize;
        foreach (var token in sampling.LogitBias?.Keys ?? [])
        {
            if (token < 0 || token >= vocabulary)
            {
                return OpenAiError.InvalidValue($"logit_bias.{token}", $"a token id below {vocabulary}");
            }
        }

        return null;
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
