using System.Text.Json.Serialization;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Detection;

/// <summary>How a model finds objects, the section <c>image_detection</c> of its manifest.</summary>
/// <param name="Width">Columns that the model reads.</param>
/// <param name="Height">Rows that the model reads.</param>
/// <param name="Threshold">Lowest score of an object when the request names none, 0 to 1.</param>
/// <param name="Overlap">Of two objects of one label whose boxes share more than this part, the better one stays; 0 to 1.</param>
internal sealed record ModelDetection(int Width, int Height, double Threshold, double Overlap)
{
    /// <summary>The graph's input, <c>[1, 3, height, width]</c>: red, green and blue of 0 to 255.</summary>
    public const string Input = "pixel_values";

    /// <summary>The graph's output, <c>[1, boxes, 6]</c>: left, top, right and bottom in pixels of the input, score, label.</summary>
    public const string Output = "detections";

    /// <summary>Numbers of a box in <see cref="Output"/>.</summary>
    public const int RowLength = 6;

    private const string Section = "image_detection";

    /// <summary>A manifest with this section.</summary>
    public ModelManifest WriteTo(ModelManifest manifest) => manifest with
    {
        Sections = ModelManifest.MakeSection(Section, this, ModelDetectionJson.Default.ModelDetection),
    };

    /// <summary>Null for a model of another task.</summary>
    /// <exception cref="ModelImportException">The section has another shape.</exception>
    public static ModelDetection? Of(ModelManifest manifest) =>
        manifest.ReadSection(Section, ModelDetectionJson.Default.ModelDetection);
}

/// <summary>JSON of the section.</summary>
[JsonSerializable(typeof(ModelDetection))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class ModelDetectionJson : JsonSerializerContext;
