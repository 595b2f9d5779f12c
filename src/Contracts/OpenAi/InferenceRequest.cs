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

    /// <summary>How often the prompt is read at most; its tokens are held so many times. 0 for a request that computes nothing.</summary>
    public virtual int MostReadings => 1;

    /// <summary>Whether the answer is an event stream.</summary>
    public bool Stream { get; init; }

    /// <summary>Choices generated per prompt: <c>max(n, best_of)</c>; 1 where the endpoint has no choices.</summary>
    public virtual int Choices => 1;

    /// <summary>The output cap per choice that the client requested; null without one.</summary>
    public virtual long? MaxOutput => null;

    /// <summary>The member with the output cap, which a gateway inserts where the client gives none; null where nothing is
    /// generated.</summary>
    public virtual string? CapMember => null;

    /// <summary>Most units that the request can use beside tokens of its prompt and of generated text, known from the headers of its files
    /// and its members.</summary>
    public virtual Units Media => default;

    /// <summary>Most that the request may cost, US dollars: one whose hold is larger is refused. Null for no limit.</summary>
    public virtual decimal? MostUsd => null;

    /// <summary>Whether an answer in one piece is plain text instead of JSON.</summary>
    public virtual bool AnswersPlainText => false;

    /// <summary>Positions of the members that the gateway rewrites before it forwards the body.</summary>
    public required BodyEdits Edits { get; init; }
}

/// <summary>Size of a prompt, as far as the gateway can know it.</summary>
/// <param name="Utf8Bytes">Bytes of all prompt texts after JSON unescaping; an upper bound of their byte-level tokens.</param>
/// <param name="TokenIds">Exact number of prompt tokens given as ids.</param>
/// <param name="Messages">Number of chat messages; 0 for other endpoints.</param>
/// <param name="Prompts">Number of prompts or inputs in the request; 0 where it carries no text.</param>
public readonly record struct PromptSize(long Utf8Bytes, long TokenIds, int Messages, int Prompts)
{
    /// <summary>Functions that the model is shown.</summary>
    public int Tools { get; init; }

    /// <summary>Bytes of their names, descriptions and parameters, as the client wrote them.</summary>
    public long ToolUtf8Bytes { get; init; }

    /// <summary>Calls in the messages, whose names, ids and arguments count in <see cref="Utf8Bytes"/>.</summary>
    public int Calls { get; init; }
}

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

    /// <summary>At most 4 texts at OpenAI's endpoints and 64 at Anthropic's, none empty. Generation ends before the first one that
    /// appears.</summary>
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

    /// <summary>Draw from so many likeliest tokens; 0 for no limit.</summary>
    public int TopK { get; init; }

    /// <summary>0 to 1: draw from tokens at least so likely as this part of the likeliest one's probability.</summary>
    public float MinP { get; init; }

    /// <summary>Above 0 to 1: draw from the tokens whose surprise is nearest to the expected one, so many that they hold this
    /// mass.</summary>
    public float TypicalP { get; init; } = 1;

    /// <summary>Above 0 to 2: divides positive logits of tokens in prompt and answer, and multiplies negative ones; 1 for none.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Tokens before which no end token, no stop token and no stop text ends the answer.</summary>
    public int MinTokens { get; init; }

    /// <summary>At most 64 tokens that end the answer as the model's own end tokens do.</summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>Whether generation goes on past the model's end tokens, which then count as any token.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Whether the stop text or stop token that ends the answer is part of it.</summary>
    public bool IncludeStop { get; init; }

    /// <summary>Whether control tokens leave no text in the answer.</summary>
    public bool SkipSpecialTokens { get; init; } = true;

    /// <summary>At most 64 texts whose tokens are never generated one after the other, none empty.</summary>
    public IReadOnlyList<string> BadWords { get; init; } = [];

    /// <summary>The only tokens that may be generated, end tokens too; null for all.</summary>
    public IReadOnlyList<int>? AllowedTokenIds { get; init; }
}

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

    /// <summary>The text after the gap that the model fills; null without one. Its bytes count in the size of each prompt.</summary>
    public string? Suffix { get; init; }

    /// <summary>Whether the log-probabilities of the prompt's own tokens are wanted.</summary>
    public bool ScoresPrompt => Echo && Sampling.Logprobs is not null;

    /// <summary>Whether a text is read unchanged even by a model that answers texts as chats: its own tokens are asked about, or it is
    /// the beginning of a text with a gap.</summary>
    public bool ReadsRaw => ScoresPrompt || Suffix is not null;

    public bool IncludeUsage { get; init; }

    public override int Choices => Math.Max(Sampling.N, BestOf);

    public override long? MaxOutput => Sampling.MaxTokens;

    public override string? CapMember => "max_tokens";
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

    /// <summary>Requested width; null for the model's own. A model accepts that, and the smaller ones that it was trained for.</summary>
    public int? Dimensions { get; init; }

    /// <summary>What the vectors are for; a model that makes no difference ignores it.</summary>
    public EmbeddingPurpose Purpose { get; init; }

    public override bool Generates => false;
}

/// <summary><c>POST /v1/classifications</c>.</summary>
public sealed partial record ClassificationRequest : InferenceRequest
{
    /// <summary>1 to 2,048 inputs.</summary>
    public required IReadOnlyList<PromptInput> Inputs { get; init; }

    /// <summary>Labels to return with their scores, best first, beside the best one; null for none, <see cref="int.MaxValue"/> for
    /// all.</summary>
    public int? ScoredLabels { get; init; }

    public TextTruncation Truncation { get; init; }

    /// <summary>Null for answers without explanations.</summary>
    public ExplanationRequest? Explain { get; init; }

    public override bool Generates => false;

    public override int MostReadings => Explain?.MostReadings ?? 1;
}

/// <summary>What becomes of a text that is longer than the model reads.</summary>
public enum TextTruncation
{
    /// <summary>The request is refused.</summary>
    Error = 0,

    /// <summary>The end of the text is left out.</summary>
    Cut,

    /// <summary>The text is read in parts, one after the other, and the scores of a label are the mean of those of the parts.</summary>
    Windows,
}

/// <summary><c>POST /predict</c>.</summary>
public sealed partial record PredictRequest : InferenceRequest
{
    /// <summary>1 to 2,048 texts.</summary>
    public required IReadOnlyList<PromptInput> Inputs { get; init; }

    /// <summary>Whether the texts came as a list, so that the answer has lists.</summary>
    public bool IsList { get; init; }

    /// <summary>Null for an answer without explanations.</summary>
    public ExplanationRequest? Explain { get; init; }

    public override bool Generates => false;

    public override int MostReadings => Explain?.MostReadings ?? 1;
}

/// <summary><c>POST /v1/moderations</c>.</summary>
public sealed partial record ModerationRequest : InferenceRequest
{
    /// <summary>Up to 2,048 texts; none only beside pictures.</summary>
    public required IReadOnlyList<PromptInput> Inputs { get; init; }

    /// <summary>Up to <see cref="ImageRequest.MostImages"/> pictures.</summary>
    public required IReadOnlyList<PictureInput> Images { get; init; }

    /// <summary>The member with the first text; null without one.</summary>
    public required string? TextParam { get; init; }

    /// <summary>Whether texts and pictures are the parts of one input, which gets one result.</summary>
    public bool IsOneInput { get; init; }

    public override bool Generates => false;

    public override Units Media => PictureInput.UnitsOf(Images, Images.Count);
}

/// <summary>A request about pictures, which is paid by pictures and pixels.</summary>
public abstract record ImageRequest : InferenceRequest
{
    /// <summary>Most pictures of one request.</summary>
    public const int MostImages = 16;

    /// <summary>1 to <see cref="MostImages"/> pictures.</summary>
    public required IReadOnlyList<PictureInput> Images { get; init; }

    public override bool Generates => false;

    /// <summary>Pictures and their pixels, as their headers state them. A worker decodes no picture whose size is another one.</summary>
    public override Units Media => PictureInput.UnitsOf(Images, Images.Count);
}

/// <summary><c>POST /v1/images/classifications</c>.</summary>
public sealed partial record ImageClassificationRequest : ImageRequest
{
    /// <summary>Labels returned for each picture, best first; a model with fewer returns all of its own.</summary>
    public required int TopN { get; init; }
}

/// <summary><c>POST /v1/images/detections</c>.</summary>
public sealed partial record ImageDetectionRequest : ImageRequest
{
    /// <summary>Lowest score of an object that is returned, 0 to 1; null for the model's own.</summary>
    public double? Threshold { get; init; }

    /// <summary>Most objects returned for each picture, best first.</summary>
    public required int TopK { get; init; }
}

/// <summary>What a vector is for: models that were trained with prefixes read a query otherwise than a document.</summary>
public enum EmbeddingPurpose
{
    /// <summary>The text is read as it is.</summary>
    None = 0,

    /// <summary>The vector of a question, to be compared with documents.</summary>
    Query,

    /// <summary>The vector of a passage, to be found by queries.</summary>
    Document,
}

/// <summary><c>POST /v1/rerank</c>: a query and the documents to be ordered by it.</summary>
public sealed partial record RerankRequest : InferenceRequest
{
    /// <summary>Not empty.</summary>
    public required string Query { get; init; }

    /// <summary>1 to 2,048 texts, none empty.</summary>
    public required IReadOnlyList<string> Documents { get; init; }

    /// <summary>UTF-8 bytes of the query, and of all documents together.</summary>
    public required int QueryBytes { get; init; }

    public required long DocumentBytes { get; init; }

    /// <summary>Results that are wanted, at least 1; null for one of each document.</summary>
    public int? TopN { get; init; }

    /// <summary>Tokens that a document is cut to, at least 1; null for what the model reads.</summary>
    public int? MostTokensPerDocument { get; init; }

    /// <summary>Whether results hold their documents.</summary>
    public bool WithDocuments { get; init; } = true;

    /// <summary>Whether a document longer than the model reads is cut; else the request is refused.</summary>
    public bool Truncate { get; init; } = true;

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
