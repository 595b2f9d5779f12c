using System.Text.Json.Serialization;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>How a model draws where a request does not state it, and what its import found; the section <c>drawing</c> of its
/// manifest.</summary>
/// <param name="Steps">Steps of a picture.</param>
/// <param name="Guidance">1 and less: without guidance.</param>
/// <param name="OwnTimesteps">Whether the rows of a denoiser call may be at timesteps of their own.</param>
internal sealed record ModelDrawing(int Steps, double Guidance, bool OwnTimesteps)
{
    private const string Section = "drawing";

    /// <summary>What refuses prompts; null for nothing.</summary>
    public ContentCheck? Prompts { get; init; }

    /// <summary>What refuses pictures that were drawn; null for nothing.</summary>
    public ContentCheck? Pictures { get; init; }

    public ModelManifest WriteTo(ModelManifest manifest) =>
        manifest with { Sections = ModelManifest.MakeSection(Section, this, ModelDrawingJson.Default.ModelDrawing) };

    /// <summary>Null for a model that does not draw.</summary>
    /// <exception cref="ModelImportException">The section has another shape.</exception>
    public static ModelDrawing? Of(ModelManifest manifest) => manifest.ReadSection(Section, ModelDrawingJson.Default.ModelDrawing);
}

/// <summary>JSON of the section.</summary>
[JsonSerializable(typeof(ModelDrawing))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class ModelDrawingJson : JsonSerializerContext;
