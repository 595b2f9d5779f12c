using System.Text.Json.Serialization;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>How a model makes vectors, the section <c>embedding</c> of its manifest.</summary>
/// <param name="Width">Numbers in a vector.</param>
/// <param name="Output">Name of the graph's output.</param>
/// <param name="Pooling">
/// <c>none</c> (the output is the vector), <c>cls</c> (the first token's), <c>last</c> (the last token's) or <c>mean</c> (over the mask);
/// all but the first scale to length 1.
/// </param>
public sealed record ModelEmbedding(int Width, string Output, string Pooling)
{
    private const string Section = "embedding";
    private const int LongestPrefix = 1000;

    /// <summary>Smaller widths that the model was trained for, ascending; null for none.</summary>
    /// <remarks>Kusupati et al., Matryoshka Representation Learning (2022): the first numbers of a vector are a vector.</remarks>
    public IReadOnlyList<int>? Dimensions { get; init; }

    /// <summary>Put before the text of a query; null for nothing.</summary>
    public string? QueryPrefix { get; init; }

    /// <summary>Put before the text of a document; null for nothing.</summary>
    public string? DocumentPrefix { get; init; }

    /// <summary>Whether vectors of this width can be made.</summary>
    internal bool Has(int width) => width == Width || Dimensions?.Contains(width) == true;

    /// <summary>Every width that can be made, in words.</summary>
    internal string WidthsInWords() => Dimensions is null or []
        ? $"{Width}, the only width of this model" : $"one of {string.Join(", ", Dimensions)} and {Width}";

    /// <summary>What is put before a text; empty for nothing.</summary>
    internal string PrefixOf(EmbeddingPurpose purpose) => (purpose switch
    {
        EmbeddingPurpose.Query => QueryPrefix,
        EmbeddingPurpose.Document => DocumentPrefix,
        _ => null,
    }) ?? "";

    /// <exception cref="ModelImportException">A member is out of range.</exception>
    internal ModelEmbedding Check(string model)
    {
        if (Pooling is not (SentencePooling.NoPooling or SentencePooling.FirstPooling or SentencePooling.LastPooling
            or SentencePooling.MeanPooling))
        {
            throw new ModelImportException($"The manifest of '{model}' asks for the pooling '{Pooling}', which is unknown.");
        }

        if (Dimensions is { } widths && (widths.Any(width => width < 1 || width >= Width) || widths.Distinct().Count() != widths.Count))
        {
            throw new ModelImportException(
                $"The dimensions {string.Join(", ", widths)} of '{model}' are not different numbers between 1 and {Width - 1}.");
        }

        return Math.Max(QueryPrefix?.Length ?? 0, DocumentPrefix?.Length ?? 0) <= LongestPrefix ? this
            : throw new ModelImportException($"A prefix of '{model}' is longer than {LongestPrefix} characters.");
    }

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
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class ModelEmbeddingJson : JsonSerializerContext;
