using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Workers;

/// <summary>
/// What a model adds at most to the text and ids of a request. With it a gateway bounds prompt tokens without a tokenizer. The worker
/// measures it at each load, from the tokenizer and the chat template that it then runs.
/// </summary>
/// <param name="TokensPerByte">Most tokens for each UTF-8 byte of a text that is fed as it is; above 1 where a normaliser lengthens
/// text.</param>
/// <param name="TextTokens">Added to each text that is fed as it is: BOS, or <c>[CLS]</c> and <c>[SEP]</c>; also what an empty text
/// becomes.</param>
/// <param name="IdTokens">Added to each prompt or input given as token ids.</param>
/// <param name="Chat">Null for a model without a chat template.</param>
/// <param name="Completions">How a text on <c>/v1/completions</c> reaches the model.</param>
public sealed record PromptMeasure(
    int TokensPerByte, int TextTokens, int IdTokens, ChatMeasure? Chat, LegacyPrompts Completions = LegacyPrompts.Raw)
{
    /// <summary>Upper bound of the prompt tokens of <paramref name="request"/>, each prompt counted once.</summary>
    public long MostTokens(InferenceRequest request)
    {
        var size = request.Size;
        if (request is ChatRequest)
        {
            return Chat is null ? size.Utf8Bytes : Chat.MostTokens(size.Utf8Bytes, size.Messages, chats: 1);
        }

        if (size.TokenIds > 0)
        {
            return size.TokenIds + ((long)IdTokens * size.Prompts);
        }

        return request is CompletionRequest && Completions == LegacyPrompts.Chat && Chat is not null
            ? Chat.MostTokens(size.Utf8Bytes, messages: size.Prompts, chats: size.Prompts)
            : (TokensPerByte * size.Utf8Bytes) + ((long)TextTokens * size.Prompts);
    }
}

/// <summary>What a chat template adds at most.</summary>
/// <param name="Tokens">To each chat.</param>
/// <param name="TokensPerMessage">To each message, whatever its role and content.</param>
/// <param name="TokensPerByte">Most tokens for each UTF-8 byte of contents and names; above 1 where the template repeats or escapes
/// them.</param>
public sealed record ChatMeasure(int Tokens, int TokensPerMessage, int TokensPerByte)
{
    public long MostTokens(long utf8Bytes, long messages, long chats) =>
        (Tokens * chats) + (TokensPerMessage * messages) + (TokensPerByte * utf8Bytes);
}

/// <summary>How a text on <c>/v1/completions</c> reaches a model. Token ids are always fed as they are.</summary>
public enum LegacyPrompts
{
    /// <summary>As it is; the model continues it.</summary>
    Raw = 0,

    /// <summary>As the user's message of a chat; the model answers it.</summary>
    Chat = 1,
}
