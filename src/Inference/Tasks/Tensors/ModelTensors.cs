using System.Text.Json.Serialization;
using Tollgate.Contracts.Tensors;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>A model's inputs and outputs, the section <c>tensors</c> of its manifest.</summary>
internal static class ModelTensors
{
    private const string Section = "tensors";

    public static ModelManifest WriteTo(TensorSignature signature, ModelManifest manifest) => manifest with
    {
        Sections = ModelManifest.MakeSection(Section, signature, ModelTensorsJson.Default.TensorSignature),
    };

    /// <summary>Null for a model of another task.</summary>
    /// <exception cref="ModelImportException">The section has another shape.</exception>
    public static TensorSignature? Of(ModelManifest manifest) =>
        manifest.ReadSection(Section, ModelTensorsJson.Default.TensorSignature);
}

/// <summary>JSON of the section.</summary>
[JsonSerializable(typeof(TensorSignature))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class ModelTensorsJson : JsonSerializerContext;
