using System.Text.Json.Serialization;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Generation;

/// <summary>Shape of a decoder, the section <c>decoder</c> of its manifest.</summary>
/// <param name="KeyValueHeads">Heads of the key-value cache.</param>
/// <param name="HeadWidth">Width of one of them.</param>
/// <param name="KeyValues">How they are held, one of <see cref="KeyValueTypes"/>, as the graph states it. Older manifests lack it.</param>
public sealed record ModelDecoder(int Layers, int KeyValueHeads, int HeadWidth, int Vocabulary, string KeyValues = KeyValueTypes.Float32)
{
    private const string Section = "decoder";

    /// <summary>A manifest with this section.</summary>
    internal ModelManifest WriteTo(ModelManifest manifest) =>
        manifest with { Sections = ModelManifest.MakeSection(Section, this, ModelDecoderJson.Default.ModelDecoder) };

    /// <summary>Null for a model that is not a decoder.</summary>
    /// <exception cref="ModelImportException">The section has another shape.</exception>
    internal static ModelDecoder? Of(ModelManifest manifest) => manifest.ReadSection(Section, ModelDecoderJson.Default.ModelDecoder);
}

/// <summary>JSON of the section.</summary>
[JsonSerializable(typeof(ModelDecoder))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class ModelDecoderJson : JsonSerializerContext;
