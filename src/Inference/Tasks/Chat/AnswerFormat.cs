using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>What every object of one answer repeats.</summary>
/// <param name="Id">Such as <c>chatcmpl-0195…</c>.</param>
/// <param name="CreatedAt">Unix seconds.</param>
/// <param name="Fingerprint">Of model and runtime, such as <c>fp_0123456789</c>.</param>
/// <param name="Prompt">Units of all prompts, each once.</param>
internal sealed record AnswerHead(
    string Id, long CreatedAt, string Model, string Fingerprint, ITokenizer Tokenizer, Units Prompt)
{
    /// <summary>For the time of the answer's end.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>What one step gave for one choice, once calls of functions have been read out of its text.</summary>
/// <param name="Choice">Index over all choices of the request.</param>
/// <param name="Text">Text of the answer; may be empty.</param>
/// <param name="DeliveredTokens">As of <see cref="GenerationEvent"/>.</param>
/// <param name="Tokens">Those of the text, when log-probabilities were asked for.</param>
/// <param name="Finish">Set on the choice's last step.</param>
internal sealed record AnswerStep(
    int Choice, string Text, int DeliveredTokens, IReadOnlyList<TokenChoice> Tokens, FinishReason? Finish)
{
    /// <summary>What came of a call, after the text; null for none.</summary>
    public CallPiece? Call { get; init; }

    /// <summary>The stop text that ended the choice; null for another end.</summary>
    public string? StoppedBy { get; init; }

    /// <summary>The tokens of a scored prompt, on the first step of each of its choices; empty otherwise.</summary>
    public IReadOnlyList<TokenChoice> PromptTokens { get; init; } = [];
}

/// <summary>A piece of a call.</summary>
/// <param name="Index">Of the call in its choice, from 0.</param>
/// <param name="Id">The same in all pieces.</param>
/// <param name="Name">The function; the same in all pieces.</param>
/// <param name="IsFirst">Whether nothing of the call came before.</param>
/// <param name="Arguments">More of the JSON text; may be empty.</param>
/// <param name="IsLast">Whether the call is whole with it.</param>
internal sealed record CallPiece(int Index, string Id, string Name, bool IsFirst, string Arguments, bool IsLast);

/// <summary>One finished choice of an answer that is sent whole.</summary>
internal sealed record WholeChoice(int Index, string Text, IReadOnlyList<TokenChoice> Tokens, FinishReason Finish)
{
    /// <summary>Calls in their order.</summary>
    public IReadOnlyList<ToolCall> Calls { get; init; } = [];

    /// <summary>The tokens of a scored prompt; empty otherwise.</summary>
    public IReadOnlyList<TokenChoice> PromptTokens { get; init; } = [];

    /// <summary>The stop text that ended the choice; null for another end.</summary>
    public string? StoppedBy { get; init; }
}

/// <summary>How one endpoint writes an answer, whole and as events. One writer; a streamed answer has one of its own.</summary>
internal abstract class AnswerFormat(AnswerHead head)
{
    /// <summary>Log-probabilities below this are written as this, since JSON has no infinity.</summary>
    private const float LowestLogprob = -9999;

    protected AnswerHead Head { get; } = head;

    /// <summary>Writes what comes before the first step of a choice.</summary>
    public abstract void BeginChoice(AnswerEvents events, int choice);

    /// <summary>The same where the first step is known.</summary>
    public virtual void BeginChoice(AnswerEvents events, AnswerStep first) => BeginChoice(events, first.Choice);

    public abstract void WriteStep(AnswerEvents events, AnswerStep step);

    /// <summary>Ends a stream well.</summary>
    public abstract void End(AnswerEvents events, Units units);

    /// <summary>Ends a stream with an error; nothing follows it.</summary>
    public abstract void Fail(AnswerEvents events, OpenAiError error);

    /// <summary>Writes an answer that is sent whole.</summary>
    public abstract void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeChoice> choices, Units units);

    /// <summary>A log-probability as JSON can hold it.</summary>
    internal static float Bounded(float logprob) => Math.Max(logprob, LowestLogprob);
}
