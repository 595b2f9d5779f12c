using System.Text.Json.Serialization;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>How a model labels texts, the section <c>classification</c> of its manifest.</summary>
/// <param name="Labels">Name of each column of the graph's output.</param>
/// <param name="Output">Name of the graph's output, float32 of shape <c>[rows, labels]</c>: a logit for each label.</param>
/// <param name="Activation"><c>softmax</c> where labels exclude each other, <c>sigmoid</c> where they do not.</param>
public sealed record ModelClassification(IReadOnlyList<string> Labels, string Output, string Activation)
{
    /// <summary>Scores sum to 1.</summary>
    public const string Softmax = "softmax";

    /// <summary>Each score is independent of the others.</summary>
    public const string Sigmoid = "sigmoid";

    private const string Section = "classification";

    /// <summary>Null for a model that does not moderate.</summary>
    public ModerationMap? Moderation { get; init; }

    /// <summary>A manifest with this section.</summary>
    internal ModelManifest WriteTo(ModelManifest manifest) =>
        manifest with { Sections = ModelManifest.MakeSection(Section, this, ModelClassificationJson.Default.ModelClassification) };

    /// <summary>Null for a model that is not a classifier.</summary>
    /// <exception cref="ModelImportException">The section has another shape.</exception>
    internal static ModelClassification? Of(ModelManifest manifest)
    {
        if (manifest.ReadSection(Section, ModelClassificationJson.Default.ModelClassification) is not { } found)
        {
            return null;
        }

        if (found.Labels.Count is 0 or > LabelConfig.MostLabels || found.Activation is not (Softmax or Sigmoid))
        {
            throw new ModelImportException(
                $"The manifest of '{manifest.Name}' has {found.Labels.Count} labels and the activation '{found.Activation}', "
                + "which is not supported.");
        }

        found.Moderation?.Check(found.Labels);
        return found;
    }
}

/// <summary>JSON of the section.</summary>
[JsonSerializable(typeof(ModelClassification))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class ModelClassificationJson : JsonSerializerContext;
