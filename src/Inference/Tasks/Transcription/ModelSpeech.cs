using System.Text.Json.Serialization;
using Tollgate.Inference.Audio;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>How a Whisper model is used, the section <c>speech</c> of its manifest.</summary>
public sealed record ModelSpeech
{
    private const string Section = "speech";

    /// <summary>Most bytes of the caches that the windows of one turn hold over what they hear.</summary>
    private const long MostHeardBytes = 512L << 20;

    /// <summary>File of the graph that reads features.</summary>
    public required string Encoder { get; init; }

    /// <summary>File of the graph that writes tokens.</summary>
    public required string Decoder { get; init; }

    /// <summary>File of the graph that writes tokens of several texts at once; null where <see cref="Decoder"/> does.</summary>
    public string? RowDecoder { get; init; }

    /// <summary>File of the graph that hears whether somebody speaks; null for none.</summary>
    public string? Voice { get; init; }

    /// <summary>Heads of the decoder that listen where a word is spoken; null for a decoder that does not give its attention.</summary>
    public IReadOnlyList<AlignmentHead>? Alignment { get; init; }

    /// <summary>Layers of the decoder, each with two pairs of caches.</summary>
    public required int Layers { get; init; }

    /// <summary>Heads of a cache.</summary>
    public required int Heads { get; init; }

    /// <summary>Numbers of a head.</summary>
    public required int HeadWidth { get; init; }

    /// <summary>Mel bins of the features.</summary>
    public required int Bins { get; init; }

    /// <summary>Numbers in a row of logits.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Positions of the decoder: prompt and text together.</summary>
    public required int Positions { get; init; }

    /// <summary>Token of each language by its code, such as <c>en</c>. Empty for a model of English alone.</summary>
    public required IReadOnlyDictionary<string, int> Languages { get; init; }

    public required SpeechTokens Tokens { get; init; }

    /// <summary>Tokens that are never chosen.</summary>
    public required IReadOnlyList<int> Suppressed { get; init; }

    /// <summary>Tokens that are not chosen first.</summary>
    public required IReadOnlyList<int> SuppressedFirst { get; init; }

    /// <summary>Latest time that the first timestamp may name, in steps of 20 ms.</summary>
    public required int MostInitialTimestamp { get; init; }

    /// <summary>Whether it knows more languages than English, and so can translate.</summary>
    [JsonIgnore]
    public bool IsMultilingual => Languages.Count > 0;

    /// <summary>Windows that may share steps: four, fewer where their caches are large.</summary>
    [JsonIgnore]
    public int MostWindows =>
        (int)Math.Clamp(MostHeardBytes / (2L * sizeof(float) * Layers * Heads * HeadWidth * (LogMel.Columns / 2)), 1, 4);

    /// <summary>A manifest with this section.</summary>
    internal ModelManifest WriteTo(ModelManifest manifest) =>
        manifest with { Sections = ModelManifest.MakeSection(Section, this, ModelSpeechJson.Default.ModelSpeech) };

    /// <summary>Null for a model that is not a speech model.</summary>
    /// <exception cref="ModelImportException">The section has another shape.</exception>
    internal static ModelSpeech? Of(ModelManifest manifest) => manifest.ReadSection(Section, ModelSpeechJson.Default.ModelSpeech);
}

/// <summary>A head of the decoder's attention to what the encoder gave.</summary>
public sealed record AlignmentHead(int Layer, int Head);

/// <summary>Ids of the tokens that control the decoder.</summary>
/// <param name="Start">Begins every text.</param>
/// <param name="End">Ends it.</param>
/// <param name="Previous">Stands before earlier text.</param>
/// <param name="NoSpeech">Its probability in the first step is that of silence.</param>
/// <param name="NoTimestamps">Asks for text alone.</param>
/// <param name="FirstTimestamp">0 s; each id above it is 20 ms later.</param>
/// <param name="Transcribe">Asks for the spoken language; null for a model of English alone.</param>
/// <param name="Translate">Asks for English; null likewise.</param>
public sealed record SpeechTokens(
    int Start, int End, int Previous, int NoSpeech, int NoTimestamps, int FirstTimestamp, int? Transcribe, int? Translate);

/// <summary>JSON of the section.</summary>
[JsonSerializable(typeof(ModelSpeech))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class ModelSpeechJson : JsonSerializerContext;
