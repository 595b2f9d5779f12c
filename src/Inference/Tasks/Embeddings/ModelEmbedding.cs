using System.Text.Json.Serialization;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>How a model makes vectors, the section <c>embedding</c> of its manifest.</summary>
/// <param name="Width">Numbers in a vector.</param>
/// <param name="Output">Name of the graph's output.</param>
/// <param name="Pooling">
/// <c>none</c> (the output is the vector), <c>cls</c> (the first token's) or <c>mean</c> (over the mask); the last two scale to length 1.
/// </param>
public sealed record ModelEmbedding(int Width, string Output, string Pooling)
{
    private const string Section = "embedding";

    /// <summary>A manifest with this section.</summary>
    internal ModelManifest WriteTo(ModelManifest manifest) =>
        manifest with { Sections = ModelManifest.MakeSection(Section, this, ModelEmbeddingJson.Default.ModelEmbedding) };

    /// <summary>Null for a model that is not an embedding model.</summary>
    /// <exception cref="ModelImportException">The section has another shape.</exception>
    internal static ModelEmbedding? Of(ModelManifest manifest) => manifest.ReadSection(Section, ModelEmbeddingJson.Default.ModelEmbedding);
}

/// <summary>JSON of the section.</summary>
[JsonSerializable(typeof(ModelEmbedding))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class ModelEmbeddingJson : JsonSerializerContext;
