using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Workers;

/// <summary>
/// Upper bounds of what a model adds to the text and ids of a request, with which a gateway bounds prompt tokens without a tokenizer. The
/// worker measures them at each load, from the tokenizer and the chat template that it runs.
/// </summary>
/// <param name="TokensPerByte">Most tokens per UTF-8 byte of raw text; above 1 where a normalizer lengthens text.</param>
/// <param name="TextTokens">Added to each raw text: BOS, or <c>[CLS]</c> and <c>[SEP]</c>, or the tokens of an empty text.</param>
/// <param name="IdTokens">Added to each prompt or input given as token ids.</param>
/// <param name="Chat">Null for a model without a chat template.</param>
/// <param name="Completions">How a text on <c>/v1/completions</c> reaches the model.</param>
/// <param name="PairTokens">Added to each pair of texts that the model reads as one; 0 for a model that reads each text by itself.</param>
public sealed record PromptMeasure(
    int TokensPerByte, int TextTokens, int IdTokens, ChatMeasure? Chat, LegacyPrompts Completions = LegacyPrompts.Raw, int PairTokens = 0)
{
    /// <summary>Most tokens around a prompt and its suffix: BOS and the marks of prefix, suffix and middle.</summary>
    private const int InfillTokens = 4;

    /// <summary>Returns an upper bound of the prompt tokens of <paramref name="request"/>, counting each prompt once.</summary>
    public long MostTokens(InferenceRequest request)
    {
        var size = request.Size;
        if (request is ConversationRequest conversation)
        {
            return Chat is null ? size.Utf8Bytes : Chat.MostTokens(WrittenSize.Of(conversation));
        }

        if (request is RerankRequest rerank)
        {
            return PairTokens > 0
                ? (TokensPerByte * size.Utf8Bytes) + ((long)PairTokens * rerank.Documents.Count)
                : (TokensPerByte * (rerank.QueryBytes + rerank.DocumentBytes)) + (TextTokens * (rerank.Documents.Count + 1L));
        }

        if (request is CompletionRequest { Suffix: not null })
        {
            return size.TokenIds + (TokensPerByte * size.Utf8Bytes) + ((long)InfillTokens * size.Prompts);
        }

        if (size.TokenIds > 0)
        {
            return size.TokenIds + ((long)IdTokens * size.Prompts);
        }

        return request is CompletionRequest { ReadsRaw: false } && Completions == LegacyPrompts.Chat && Chat is not null
            ? Chat.MostTokens(size.Utf8Bytes, messages: size.Prompts, chats: size.Prompts)
            : (TokensPerByte * size.Utf8Bytes) + ((long)TextTokens * size.Prompts);
    }

    /// <summary>Returns an upper bound of the prompt tokens where texts longer than a model reads are read in parts: each part has a frame
    /// of its own.</summary>
    /// <param name="context">Longest row of the model, tokens.</param>
    public long MostTokensInWindows(InferenceRequest request, int context)
    {
        var whole = MostTokens(request);
        var room = context - TextTokens;
        return room < 1 ? whole * (1 + TextTokens) : whole + ((whole + room - 1) / room * TextTokens);
    }
}

/// <summary>Upper bounds of what a chat template adds.</summary>
/// <param name="Tokens">Added to each chat.</param>
/// <param name="TokensPerMessage">Added to each message, whatever its role and content.</param>
/// <param name="TokensPerByte">
/// Most tokens per UTF-8 byte of contents and names; above 1 where the template repeats or escapes them.
/// </param>
public sealed record ChatMeasure(int Tokens, int TokensPerMessage, int TokensPerByte)
{
    /// <summary>What functions and calls add; null for a template that has no bound for them: only the context bounds such a
    /// chat.</summary>
    public ToolMeasure? Tools { get; init; }

    /// <summary>Returns an upper bound of the tokens of one chat.</summary>
    public long MostTokens(in WrittenSize size)
    {
        if (size.Tools + size.Calls + size.Results == 0)
        {
            return MostTokens(size.TextBytes, size.Messages, chats: 1);
        }

        if (Tools is null)
        {
            return long.MaxValue;
        }

        var perByte = (long)Math.Max(TokensPerByte, Tools.TokensPerByte);
        return MostTokens(0, size.Messages, chats: 1) + (perByte * (size.TextBytes + size.AddedBytes + size.ToolBytes)) + Tools.Tokens
            + ((long)Tools.TokensPerTool * size.Tools) + ((long)Tools.TokensPerCall * size.Calls)
            + ((long)Tools.TokensPerResult * size.Results);
    }

    public long MostTokens(long utf8Bytes, long messages, long chats) =>
        (Tokens * chats) + (TokensPerMessage * messages) + (TokensPerByte * utf8Bytes);
}

/// <summary>Upper bounds of what a chat template adds where a chat has functions, calls or results.</summary>
/// <param name="Tokens">Added to such a chat.</param>
/// <param name="TokensPerTool">Added to each function.</param>
/// <param name="TokensPerByte">Most tokens per byte of texts, and of functions and arguments as JSON with a blank behind each comma and
/// colon.</param>
/// <param name="TokensPerCall">Added to each call in a message.</param>
/// <param name="TokensPerResult">Added to each message with the result of a call.</param>
public sealed record ToolMeasure(int Tokens, int TokensPerTool, int TokensPerByte, int TokensPerCall, int TokensPerResult);

/// <summary>How a text on <c>/v1/completions</c> reaches a model. Token ids are always fed unchanged.</summary>
public enum LegacyPrompts
{
    /// <summary>Unchanged; the model continues it.</summary>
    Raw = 0,

    /// <summary>As the user's message of a chat, which the model answers.</summary>
    Chat = 1,
}
