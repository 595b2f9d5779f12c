using System.Text.Json.Serialization;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>What reads text, the section <c>ocr</c> of a manifest: files of the version.</summary>
/// <param name="Detection">Graph that finds text.</param>
/// <param name="Recognition">Graph that reads a line.</param>
/// <param name="Direction">Graph that finds lines that are upside down; null: there is none.</param>
/// <param name="Dictionary">The recognizer's characters, one a line; without the blank and the space, which are the first and the last
/// one.</param>
/// <param name="Rows">Height of a line as the recognizer reads it, pixels.</param>
internal sealed record ModelOcr(string Detection, string Recognition, string? Direction, string Dictionary, int Rows)
{
    private const string Section = "ocr";

    /// <summary>A manifest with this section.</summary>
    public ModelManifest WriteTo(ModelManifest manifest) => manifest with
    {
        Sections = ModelManifest.MakeSection(Section, this, ModelOcrJson.Default.ModelOcr),
    };

    /// <summary>Null for a model of another task.</summary>
    /// <exception cref="ModelImportException">The section has another shape.</exception>
    public static ModelOcr? Of(ModelManifest manifest) => manifest.ReadSection(Section, ModelOcrJson.Default.ModelOcr);
}

/// <summary>JSON of the section.</summary>
[JsonSerializable(typeof(ModelOcr))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class ModelOcrJson : JsonSerializerContext;
