using System.Text.Json.Serialization;
using Tollgate.Inference.Models;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.Tasks.Moderation;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>How a model classifies pictures, the section <c>image_classification</c> of its manifest.</summary>
/// <param name="Preparation">What is done to a picture before the model reads it.</param>
/// <param name="Independent">Whether each label has a score of its own (sigmoid); else the scores add up to 1 (softmax).</param>
internal sealed record ModelImageClassification(PicturePreparation Preparation, bool Independent)
{
    /// <summary>The graph's input.</summary>
    public const string Input = "pixel_values";

    /// <summary>The graph's output, one number for each label.</summary>
    public const string Output = "logits";

    private const string Section = "image_classification";

    /// <summary>Null for a model that does not moderate.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ModerationMap? Moderation { get; init; }

    /// <summary>A manifest with this section.</summary>
    public ModelManifest WriteTo(ModelManifest manifest) => manifest with
    {
        Sections = ModelManifest.MakeSection(Section, this, ModelImageClassificationJson.Default.ModelImageClassification),
    };

    /// <summary>Null for a model of another task.</summary>
    /// <exception cref="ModelImportException">The section has another shape.</exception>
    public static ModelImageClassification? Of(ModelManifest manifest) =>
        manifest.ReadSection(Section, ModelImageClassificationJson.Default.ModelImageClassification);
}

/// <summary>JSON of the section.</summary>
[JsonSerializable(typeof(ModelImageClassification))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class ModelImageClassificationJson : JsonSerializerContext;
