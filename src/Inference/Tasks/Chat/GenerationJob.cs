using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>A request that a decoder can take, and how its answer is written.</summary>
internal sealed record GenerationJob : ITaskJob
{
    public required LoadedDecoder Decoder { get; init; }

    /// <summary>Prompts as ids, none empty.</summary>
    public required IReadOnlyList<int[]> Prompts { get; init; }

    public required ChoicePlan Plan { get; init; }

    /// <summary>Choices returned for each prompt: fewer than generated with <c>best_of</c>.</summary>
    public required int Kept { get; init; }

    public required bool Stream { get; init; }

    /// <summary>Request member that a too long prompt is blamed on.</summary>
    public required string PromptMember { get; init; }

    /// <summary>Such as <c>chatcmpl-</c>.</summary>
    public required string IdPrefix { get; init; }

    public required Func<AnswerHead, AnswerFormat> Format { get; init; }

    /// <summary>Makes the reader of a choice of the request with an id.</summary>
    public Func<Guid, AnswerReader> Reader { get; init; } = static _ => new TextReader();

    public LoadedModel Model => Decoder;

    /// <summary>The exact prompt tokens, and the most output tokens.</summary>
    public Units Wanted => new(
        Prompts.Sum(prompt => (long)prompt.Length), Output: (long)Prompts.Count * Plan.ChoicesPerPrompt * Plan.MaxOutput);

    public ITaskRun Begin(RequestScope scope) => new GenerationRun(this, scope);

    /// <summary>Makes the plan of a request's choices; the cap of the model applies to a request that names none.</summary>
    /// <param name="score">Whether the choices are ranked by log-probability afterwards.</param>
    public static ChoicePlan MakePlan(Sampling sampling, int choices, LoadedDecoder decoder, bool score)
    {
        var cap = sampling.MaxTokens ?? Math.Min(decoder.Installed.Manifest.Limits.DefaultMaxOutput, decoder.Scheduler.MaxLength);
        return new ChoicePlan(sampling, choices, (int)Math.Min(cap, int.MaxValue), sampling.Seed ?? Random.Shared.NextInt64(), score)
        {
            StopTokens = sampling.StopTokenIds,
            EndTokens = [.. decoder.Model.Marks.EosIds, .. sampling.StopTokenIds],
            BadWords = [.. sampling.BadWords.SelectMany(word => EncodeWord(word, decoder.Model.Tokenizer))],
        };
    }

    /// <summary>The tokens of a text at the beginning of an answer, and behind a space.</summary>
    private static IEnumerable<int[]> EncodeWord(string text, ITokenizer tokenizer)
    {
        foreach (var form in (string[])[text.TrimStart(' '), $" {text.TrimStart(' ')}"])
        {
            var ids = new List<int>();
            tokenizer.Encode(form, allowSpecial: false, ids);
            if (ids.Count > 0)
            {
                yield return [.. ids];
            }
        }
    }

    /// <summary>The error for a member that names a token which the model does not have, or null.</summary>
    public static OpenAiError? FindUnknownToken(Sampling sampling, LoadedDecoder decoder)
    {
        var vocabulary = decoder.Model.Tokenizer.VocabularySize;
        foreach (var token in sampling.LogitBias?.Keys ?? [])
        {
            if (token < 0 || token >= vocabulary)
            {
                return OpenAiError.InvalidValue($"logit_bias.{token}", $"a token id below {vocabulary}");
            }
        }

        return FindUnknownToken("stop_token_ids", sampling.StopTokenIds, vocabulary)
            ?? FindUnknownToken("allowed_token_ids", sampling.AllowedTokenIds ?? [], vocabulary);
    }

    private static OpenAiError? FindUnknownToken(string member, IReadOnlyList<int> tokens, int vocabulary)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i] >= vocabulary)
            {
                return OpenAiError.InvalidValue($"{member}[{i}]", $"a token id below {vocabulary}", $"{tokens[i]}");
            }
        }

        return null;
    }

    /// <summary>The job, or the error when a prompt or the output cap does not fit the model's context.</summary>
    public PreparedRequest Check()
    {
        if (Plan.Sampling.MinTokens > Plan.MaxOutput)
        {
            return OpenAiError.InvalidValue(
                "min_tokens", $"at most the output cap, which is {Plan.MaxOutput}", $"{Plan.Sampling.MinTokens}");
        }

        var limit = Decoder.Scheduler.MaxLength;
        if (Plan.MaxOutput > limit)
        {
            return OpenAiError.ContextLengthExceeded(limit, Prompts.Max(prompt => prompt.Length), Plan.MaxOutput, PromptMember);
        }

        var room = Plan.MaxOutput == 0 ? 0 : 1;
        return Prompts.FirstOrDefault(prompt => prompt.Length + room > limit) is { } prompt
            ? OpenAiError.ContextLengthExceeded(limit, prompt.Length, 0, PromptMember)
            : new PreparedRequest.Ready(this);
    }
}
