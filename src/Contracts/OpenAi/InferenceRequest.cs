using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Members common to all inference requests. Gateway and worker parse requests with the same code.</summary>
public abstract partial record InferenceRequest
{
    /// <summary>As the client wrote it: an alias or a model's name.</summary>
    public required string Model { get; init; }

    /// <summary>Size of the prompt, without a tokenizer.</summary>
    public required PromptSize Size { get; init; }

    /// <summary>Whether the model generates tokens. If not, the output cap is 0.</summary>
    public virtual bool Generates => true;

    /// <summary>Whether the answer is an event stream.</summary>
    public bool Stream { get; init; }

    /// <summary>Choices generated per prompt: <c>max(n, best_of)</c>; 1 where the endpoint has no choices.</summary>
    public virtual int Choices => 1;

    /// <summary>The output cap per choice that the client requested; null without one.</summary>
    public virtual long? MaxOutput => null;

    /// <summary>Most units beside tokens that the request can use: audio, images, pixels, steps.</summary>
    public virtual Units Media => default;

    /// <summary>Positions of the members that the gateway rewrites before it forwards the body.</summary>
    public required BodyEdits Edits { get; init; }
}

/// <summary>Size of a prompt, as far as the gateway can know it.</summary>
/// <param name="Utf8Bytes">Bytes of all prompt texts after JSON unescaping; an upper bound of their byte-level tokens.</param>
/// <param name="TokenIds">Exact number of prompt tokens given as ids.</param>
/// <param name="Messages">Number of chat messages; 0 for other endpoints.</param>
/// <param name="Prompts">Number of prompts or inputs in the request, at least 1.</param>
public readonly record struct PromptSize(long Utf8Bytes, long TokenIds, int Messages, int Prompts);

/// <summary>Controls how tokens are chosen and when generation ends. Defaults are OpenAI's.</summary>
public sealed record Sampling
{
    public static readonly Sampling Default = new();

    /// <summary>Choices per prompt, 1 to 128.</summary>
    public int N { get; init; } = 1;

    /// <summary>0 (greedy) to 2.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Above 0 to 1. A client's 0 becomes the smallest number above 0, which keeps only the most likely token.</summary>
    public float TopP { get; init; } = 1;

    public long? Seed { get; init; }

    /// <summary>At most 4 texts, none empty. Generation ends before the first one that appears.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Most tokens to generate per choice, at most 2^31−1. Legacy completions allow 0 and default to 16.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>−2 to 2.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>−2 to 2.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Token id → −100 to 100.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Log-probabilities: null for none, else the number of alternatives, 0 to 20 (legacy completions 0 to 5).</summary>
    public int? Logprobs { get; init; }
}

/// <summary><c>POST /v1/chat/completions</c>.</summary>
public sealed partial record ChatRequest : InferenceRequest
{
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    public required Sampling Sampling { get; init; }

    /// <summary><c>stream_options.include_usage</c>.</summary>
    public bool IncludeUsage { get; init; }

    public override int Choices => Sampling.N;

    public override long? MaxOutput => Sampling.MaxTokens;
}

/// <summary>One message of a chat.</summary>
/// <param name="Role"><c>system</c>, <c>developer</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">The text; text parts are concatenated without a separator.</param>
public sealed record ChatMessage(string Role, string Content, string? Name);

/// <summary><c>POST /v1/completions</c> and <c>POST /v1/engines/{engine}/completions</c>.</summary>
public sealed partial record CompletionRequest : InferenceRequest
{
    /// <summary>One or more prompts, either all texts or all token ids.</summary>
    public required IReadOnlyList<PromptInput> Prompts { get; init; }

    public required Sampling Sampling { get; init; }

    /// <summary>Candidates generated per prompt, of which the best <c>n</c> are returned. At least <c>n</c>.</summary>
    public int BestOf { get; init; } = 1;

    /// <summary>Whether to put the prompt before the answer.</summary>
    public bool Echo { get; init; }

    public string? Suffix { get; init; }

    public bool IncludeUsage { get; init; }

    public override int Choices => Math.Max(Sampling.N, BestOf);

    public override long? MaxOutput => Sampling.MaxTokens;
}

/// <summary>A prompt as text or as token ids; exactly one of the two is set.</summary>
public sealed record PromptInput(string? Text, IReadOnlyList<int>? TokenIds);

/// <summary><c>POST /v1/embeddings</c>.</summary>
public sealed partial record EmbeddingRequest : InferenceRequest
{
    /// <summary>1 to 2,048 inputs.</summary>
    public required IReadOnlyList<PromptInput> Inputs { get; init; }

    /// <summary>True for <c>encoding_format: "base64"</c>: little-endian float32.</summary>
    public bool Base64 { get; init; }

    /// <summary>Requested width; only the model's own width is accepted.</summary>
    public int? Dimensions { get; init; }

    public override bool Generates => false;
}

/// <summary>Byte ranges in the client's body; an absent member has length 0.</summary>
/// <param name="Model">The value of <c>model</c>, in JSON including its quotes.</param>
/// <param name="MaxTokens">The value of <c>max_tokens</c> or <c>max_completion_tokens</c>; the first one when a chat has both.</param>
/// <param name="ObjectStart">Position after the opening brace, where missing members are inserted.</param>
public readonly record struct BodyEdits(ByteRange Model, ByteRange MaxTokens, int ObjectStart)
{
    /// <summary>The value of the second cap when a chat has both.</summary>
    public ByteRange SecondMaxTokens { get; init; }

    /// <summary>Whether the body is a form, which always has a model and never a cap; <see cref="ObjectStart"/> is 0 there.</summary>
    public bool IsForm { get; init; }
}

/// <summary>A range of bytes.</summary>
public readonly record struct ByteRange(int Start, int Length);
