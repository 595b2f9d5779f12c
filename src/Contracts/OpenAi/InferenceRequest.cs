namespace Tollgate.Contracts.OpenAi;

/// <summary>What every inference request has. Read by the gateway to admit it and by the worker to run it, with the same code.</summary>
public abstract partial record InferenceRequest
{
    /// <summary>As the client wrote it: an alias or a model's name.</summary>
    public required string Model { get; init; }

    /// <summary>How large the prompt is, without a tokenizer.</summary>
    public required PromptSize Size { get; init; }

    /// <summary>Scope name of the endpoint, such as <c>chat.completions</c>.</summary>
    public abstract string Endpoint { get; }

    /// <summary>Whether the answer is an event stream.</summary>
    public bool Stream { get; init; }

    /// <summary>Choices generated for each prompt: <c>max(n, best_of)</c>; 1 where the endpoint has none.</summary>
    public virtual int Choices => 1;

    /// <summary>The output cap that the client asked for, per choice; null when it named none.</summary>
    public virtual long? MaxOutput => null;

    /// <summary>Where the members stand that the gateway writes anew before it forwards the body.</summary>
    public required BodyEdits Edits { get; init; }
}

/// <summary>Size of a prompt as the gateway can know it.</summary>
/// <param name="Utf8Bytes">Bytes of all prompt texts after JSON unescaping; an upper bound of their byte-level tokens.</param>
/// <param name="TokenIds">Prompt tokens given as ids: exact.</param>
/// <param name="Messages">Chat messages; 0 elsewhere.</param>
/// <param name="Prompts">Prompts or inputs in the request, at least 1.</param>
public readonly record struct PromptSize(long Utf8Bytes, long TokenIds, int Messages, int Prompts);

/// <summary>How tokens are chosen and when generation ends. Defaults are OpenAI's.</summary>
public sealed record Sampling
{
    public static readonly Sampling Default = new();

    /// <summary>Choices for each prompt, 1 to 128.</summary>
    public int N { get; init; } = 1;

    /// <summary>0 (greedy) to 2.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Above 0 to 1. A client's 0 is read as the smallest number above it, which keeps the likeliest token alone.</summary>
    public float TopP { get; init; } = 1;

    public long? Seed { get; init; }

    /// <summary>At most 4 texts, none empty; generation ends before the first that appears.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>
    /// Most tokens to generate for each choice, at most 2^31−1. Legacy completions: 16 when the client names none, and 0 is allowed.
    /// </summary>
    public long? MaxTokens { get; init; }

    /// <summary>−2 to 2.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>−2 to 2.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Token id → −100 to 100.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Log-probabilities wanted: null none, else how many alternatives, 0 to 20 (legacy completions 0 to 5).</summary>
    public int? Logprobs { get; init; }
}

/// <summary><c>POST /v1/chat/completions</c>.</summary>
public sealed partial record ChatRequest : InferenceRequest
{
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    public required Sampling Sampling { get; init; }

    /// <summary><c>stream_options.include_usage</c>.</summary>
    public bool IncludeUsage { get; init; }

    public override string Endpoint => Keys.KeyScopes.ChatCompletions;

    public override int Choices => Sampling.N;

    public override long? MaxOutput => Sampling.MaxTokens;
}

/// <summary>One message of a chat.</summary>
/// <param name="Role"><c>system</c>, <c>developer</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">Its text; text parts joined without anything between.</param>
public sealed record ChatMessage(string Role, string Content, string? Name);

/// <summary><c>POST /v1/completions</c> and <c>POST /v1/engines/{engine}/completions</c>.</summary>
public sealed partial record CompletionRequest : InferenceRequest
{
    /// <summary>One or more prompts, all texts or all token ids.</summary>
    public required IReadOnlyList<PromptInput> Prompts { get; init; }

    public required Sampling Sampling { get; init; }

    /// <summary>Candidates generated for each prompt, of which the best <c>n</c> are returned. At least <c>n</c>.</summary>
    public int BestOf { get; init; } = 1;

    /// <summary>Puts the prompt before the answer.</summary>
    public bool Echo { get; init; }

    public string? Suffix { get; init; }

    public bool IncludeUsage { get; init; }

    public override string Endpoint => Keys.KeyScopes.Completions;

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

    /// <summary>Width wanted; only the model's own is possible.</summary>
    public int? Dimensions { get; init; }

    public override string Endpoint => Keys.KeyScopes.Embeddings;
}

/// <summary>Byte ranges in the client's body; an absent member has length 0.</summary>
/// <param name="Model">The value of <c>model</c>, quotes included.</param>
/// <param name="MaxTokens">The value of <c>max_tokens</c> or <c>max_completion_tokens</c>; of the first when a chat names both.</param>
/// <param name="ObjectStart">Position after the opening brace, where a missing member can be put.</param>
public readonly record struct BodyEdits(ByteRange Model, ByteRange MaxTokens, int ObjectStart)
{
    /// <summary>The value of the second of the two caps when a chat names both.</summary>
    public ByteRange SecondMaxTokens { get; init; }
}

/// <summary>A range of bytes.</summary>
public readonly record struct ByteRange(int Start, int Length);
