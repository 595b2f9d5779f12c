using System.Text.Json.Serialization;

namespace Tollgate.Inference.Models;

/// <summary>What <c>model.json</c> says of one installed version of a model. A version never changes once it is installed.</summary>
public sealed record ModelManifest
{
    /// <summary>Name of the manifest in its folder.</summary>
    public const string FileName = "model.json";

    /// <summary>Format of the manifest; a reader refuses a newer one.</summary>
    public int Format { get; init; } = CurrentFormat;

    public required string Name { get; init; }

    public required string Version { get; init; }

    /// <summary><see cref="ModelTasks.Chat"/> or <see cref="ModelTasks.Embeddings"/>.</summary>
    public required string Task { get; init; }

    public string? Description { get; init; }

    /// <summary>SPDX identifier where the source names one.</summary>
    public string? Licence { get; init; }

    /// <summary>What it was imported from.</summary>
    public required ModelSource Source { get; init; }

    /// <summary>When it was installed.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Every file of the version besides the manifest; checked at load.</summary>
    public required IReadOnlyList<ModelFile> Files { get; init; }

    /// <summary>The ONNX graph.</summary>
    public required string Graph { get; init; }

    public required ModelTokenizer Tokenizer { get; init; }

    /// <summary>File of the chat template (Jinja), or null: the model has none.</summary>
    public string? Template { get; init; }

    /// <summary>How a text on <c>/v1/completions</c> reaches the model, one of <see cref="ModelCompletions"/>.</summary>
    public string Completions { get; init; } = ModelCompletions.Raw;

    /// <summary>What the import found worth telling the operator; null for nothing.</summary>
    public IReadOnlyList<string>? Notes { get; init; }

    public required ModelLimits Limits { get; init; }

    /// <summary>Shape of a decoder; null for other tasks.</summary>
    public ModelDecoder? Decoder { get; init; }

    /// <summary>How vectors are made; null for other tasks.</summary>
    public ModelEmbedding? Embedding { get; init; }

    /// <summary>Providers that the graph runs on, best first.</summary>
    public IReadOnlyList<string> ExecutionProviders { get; init; } = ["cuda", "cpu"];

    /// <summary>
    /// Whether requests may share a run. False where that would change results: a graph that quantises activations per tensor.
    /// </summary>
    public bool Batching { get; init; } = true;

    /// <summary>Tokens to run through the model before it is ready.</summary>
    public int WarmUpTokens { get; init; } = 16;

    [JsonIgnore]
    public static int CurrentFormat => 1;
}

/// <summary>Tasks a model can have, as manifests and cards write them.</summary>
public static class ModelTasks
{
    /// <summary>Chat and completions.</summary>
    public const string Chat = "chat";

    public const string Embeddings = "embeddings";
}

/// <summary>How texts on <c>/v1/completions</c> can reach a model, as manifests write it.</summary>
public static class ModelCompletions
{
    /// <summary>As they are, to be continued.</summary>
    public const string Raw = "raw";

    /// <summary>As the user's message of a chat, to be answered: for a model that was trained on chats alone.</summary>
    public const string Chat = "chat";
}

/// <param name="File">Name of the imported file, without its folder.</param>
/// <param name="Format"><c>gguf</c> or <c>onnx</c>.</param>
/// <param name="Sha256">Of the imported file, 64 hex digits.</param>
public sealed record ModelSource(string File, string Format, string Sha256);

/// <param name="Sha256">64 hex digits, lower case.</param>
public sealed record ModelFile(string Name, string Sha256, long Bytes);

/// <summary>The tokenizer and the ids that begin and end texts.</summary>
public sealed record ModelTokenizer
{
    /// <summary><c>bpe</c> (byte-level) or <c>wordpiece</c>.</summary>
    public required string Kind { get; init; }

    public required string File { get; init; }

    public int? BosId { get; init; }

    /// <summary>The BOS token as templates write it; empty where there is none.</summary>
    public string BosText { get; init; } = "";

    /// <summary>The EOS token as templates write it.</summary>
    public string EosText { get; init; } = "";

    /// <summary>Whether a raw prompt begins with the BOS token. A chat template writes its own.</summary>
    public bool AddBos { get; init; }

    /// <summary>Any of them ends an answer.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];
}

/// <param name="ContextLength">Prompt and output together, tokens.</param>
/// <param name="DefaultMaxOutput">Output cap of a request that names none, tokens.</param>
public sealed record ModelLimits(int ContextLength, int DefaultMaxOutput);

/// <param name="KeyValueHeads">Heads of the key-value cache.</param>
/// <param name="HeadWidth">Width of one of them.</param>
public sealed record ModelDecoder(int Layers, int KeyValueHeads, int HeadWidth, int Vocabulary);

/// <param name="Width">Numbers in a vector.</param>
/// <param name="Output">Name of the graph's output.</param>
/// <param name="Pooling">
/// <c>none</c> (the output is the vector), <c>cls</c> (the first token's) or <c>mean</c> (over the mask); the last two scale to length 1.
/// </param>
public sealed record ModelEmbedding(int Width, string Output, string Pooling);

/// <summary>JSON of manifests.</summary>
[JsonSerializable(typeof(ModelManifest))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class ManifestJson : JsonSerializerContext;
