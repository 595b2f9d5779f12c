using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Models;

/// <summary>The <c>model.json</c> of one installed version of a model. A version never changes once it is installed.</summary>
public sealed record ModelManifest
{
    /// <summary>Name of the manifest in its folder.</summary>
    public const string FileName = "model.json";

    /// <summary>Format of the manifest; a reader refuses a newer one.</summary>
    public int Format { get; init; } = CurrentFormat;

    public required string Name { get; init; }

    public required string Version { get; init; }

    /// <summary>Name of the task that serves it, such as <c>chat</c>.</summary>
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

    /// <summary>Null for a model that reads no text.</summary>
    public ModelTokenizer? Tokenizer { get; init; }

    /// <summary>File of the chat template (Jinja), or null: the model has none.</summary>
    public string? Template { get; init; }

    /// <summary>How a text on <c>/v1/completions</c> reaches the model, one of <see cref="ModelCompletions"/>.</summary>
    public string Completions { get; init; } = ModelCompletions.Raw;

    /// <summary>What the import found worth telling the operator; null for nothing.</summary>
    public IReadOnlyList<string>? Notes { get; init; }

    public required ModelLimits Limits { get; init; }

    /// <summary>How the matrices of a decoder are held, one of <see cref="ModelPrecisions"/>; null for other models.</summary>
    public string? Precision { get; init; }

    /// <summary>How far a decoder is from its source; null for other models, and for those of before it was measured.</summary>
    public ModelParity? Parity { get; init; }

    /// <summary>Whose trained model it is; null for one that the operator installed.</summary>
    public ModelOwnership? Owned { get; init; }

    /// <summary>Models of one group run in a process of their own, so that a crash takes no other; null for the worker's own
    /// process.</summary>
    public string? Group { get; init; }

    /// <summary>Members that only the model's task reads, by name. Settable because the serializer fills it.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Sections { get; set; }

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

    /// <summary>Reads the section of a task; null when the manifest has none of that name.</summary>
    /// <exception cref="ModelImportException">The section has another shape.</exception>
    internal T? ReadSection<T>(string name, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return Sections is not null && Sections.TryGetValue(name, out var section) ? section.Deserialize(type) : null;
        }
        catch (JsonException exception)
        {
            throw new ModelImportException(
                $"The section '{name}' in the manifest of '{Name}' {Version} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Makes the section of a task, for a new manifest.</summary>
    internal static Dictionary<string, JsonElement> MakeSection<T>(string name, T section, JsonTypeInfo<T> type) =>
        new(StringComparer.Ordinal) { [name] = JsonSerializer.SerializeToElement(section, type) };
}

/// <summary>How texts on <c>/v1/completions</c> can reach a model, as manifests write it.</summary>
public static class ModelCompletions
{
    /// <summary>As they are, to be continued.</summary>
    public const string Raw = "raw";

    /// <summary>As the user's message of a chat, to be answered: for a model that was trained on chats alone.</summary>
    public const string Chat = "chat";
}

/// <param name="File">Name of the imported file or folder, without the folder that holds it.</param>
/// <param name="Format"><c>gguf</c>, <c>safetensors</c> or <c>onnx</c>.</param>
/// <param name="Sha256">Of the imported file, or a hash of <see cref="ModelFolder"/> of the folder or of the parts of a model, 64 hex
/// digits.</param>
public sealed record ModelSource(string File, string Format, string Sha256);

/// <param name="Name">In the version's folder; a file of a folder in it is named <c>folder/file</c>.</param>
/// <param name="Sha256">64 hex digits, lower case.</param>
public sealed record ModelFile(string Name, string Sha256, long Bytes);

/// <summary>The tokenizer and the ids that begin and end texts.</summary>
public sealed record ModelTokenizer
{
    /// <summary><c>bpe</c> (byte-level) or <c>sentencepiece</c>, in the forms that imports of GGUF files write; <c>huggingface</c> for a
    /// <c>tokenizer.json</c>, which older manifests of encoders call <c>wordpiece</c> or <c>unigram</c>.</summary>
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

/// <summary>A trained model that a worker installed because it is deployed, and removes when it no longer is.</summary>
/// <param name="PricedAs">Name whose price applies while the model has none of its own.</param>
public sealed record ModelOwnership(Guid OrganizationId, Guid ProjectId, string PricedAs);

/// <param name="ContextLength">Prompt and output together, tokens.</param>
/// <param name="DefaultMaxOutput">Output cap of a request that names none, tokens.</param>
public sealed record ModelLimits(int ContextLength, int DefaultMaxOutput);

/// <summary>JSON of manifests.</summary>
[JsonSerializable(typeof(ModelManifest))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class ManifestJson : JsonSerializerContext;
