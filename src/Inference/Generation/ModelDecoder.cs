using System.Text.Json.Serialization;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Generation;

/// <summary>Shape of a decoder, the section <c>decoder</c> of its manifest.</summary>
/// <param name="KeyValueHeads">Heads of the key-value cache.</param>
/// <param name="HeadWidth">Width of one of them.</param>
/// <param name="KeyValues">How they are held, one of <see cref="KeyValueTypes"/>, as the graph states it. Older manifests lack it.</param>
/// <param name="Heads">Heads of queries; 0 in older manifests, which lack it.</param>
public sealed record ModelDecoder(
    int Layers, int KeyValueHeads, int HeadWidth, int Vocabulary, string KeyValues = KeyValueTypes.Float32, int Heads = 0)
{
    private const string Section = "decoder";

    /// <summary>Most threads inside one operator. With more threads than heads, the attention kernel divides the tokens of a row that is
    /// alone among them and adds in another order than for several rows.</summary>
    [JsonIgnore]
    public int MostThreads => Heads > 0 ? Heads : KeyValueHeads;

    /// <summary>Bytes that the keys and values of one token take over all layers.</summary>
    /// <param name="numberBytes">Bytes of one number.</param>
    internal long BytesOfToken(int numberBytes) => 2L * Layers * KeyValueHeads * HeadWidth * numberBytes;

    /// <summary>The execution providers that run it. CUDA's attention takes half precision only; the processor has no products in half
    /// precision, and would hold the matrices in float32.</summary>
    /// <param name="precision">One of <see cref="ModelPrecisions"/>.</param>
    internal IReadOnlyList<string> FindProviders(string? precision) =>
        ModelPrecisions.IsHalf(precision) ? ["cuda"] : KeyValues == KeyValueTypes.Float16 ? ["cuda", "cpu"] : ["cpu"];

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
