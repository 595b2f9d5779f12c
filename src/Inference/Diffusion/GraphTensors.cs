using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Diffusion;

/// <summary>Tensors in the type that a graph reads: single or half precision, 32 or 64 bits.</summary>
internal static class GraphTensors
{
    /// <summary>A tensor of numbers. The array must live as long as the tensor where the graph reads single precision.</summary>
    public static OrtValue Create(NodeMetadata input, float[] numbers, params long[] shape) => input.ElementDataType switch
    {
        TensorElementType.Float => OrtValue.CreateTensorValueFromMemory(numbers, shape),
        TensorElementType.Float16 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(numbers, number => (Float16)number), shape),
        TensorElementType.Double => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(numbers, number => (double)number), shape),
        TensorElementType.Int64 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(numbers, number => (long)number), shape),
        TensorElementType.Int32 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(numbers, number => (int)number), shape),
        var other => throw new NotSupportedException($"The graph reads {other}."),
    };

    public static OrtValue Create(NodeMetadata input, int[] ids, params long[] shape) => input.ElementDataType == TensorElementType.Int64
        ? OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(ids, id => (long)id), shape)
        : OrtValue.CreateTensorValueFromMemory(ids, shape);

    /// <summary>A dimension that the graph fixes; null: it is free.</summary>
    public static int? Fixed(int dimension) => dimension > 0 ? dimension : null;

    /// <summary>Copies a tensor's numbers.</summary>
    public static float[] Read(OrtValue value) => value.GetTensorTypeAndShape().ElementDataType switch
    {
        TensorElementType.Float => value.GetTensorDataAsSpan<float>().ToArray(),
        TensorElementType.Float16 => Array.ConvertAll(value.GetTensorDataAsSpan<Float16>().ToArray(), half => (float)half),
        var other => throw new NotSupportedException($"The graph writes {other}."),
    };

    /// <summary>An input by its name, of one of the types.</summary>
    /// <exception cref="ModelImportException">There is none, or it has another type or rank.</exception>
    public static NodeMetadata Require(
        InferenceSession session, string graph, string name, int rank, params ReadOnlySpan<TensorElementType> types)
    {
        if (!session.InputMetadata.TryGetValue(name, out var input) || !input.IsTensor)
        {
            throw new ModelImportException(
                $"The {graph} has no input '{name}'; its inputs are {string.Join(", ", session.InputMetadata.Keys)}.");
        }

        return types.Contains(input.ElementDataType) && (rank < 0 || input.Dimensions.Length == rank)
            ? input
            : throw new ModelImportException(
                $"The {graph}'s input '{name}' is {input.ElementDataType} of rank {input.Dimensions.Length}, which is not supported.");
    }

    /// <exception cref="ModelImportException">The graph has other inputs.</exception>
    public static void RefuseOthers(InferenceSession session, string graph, params ReadOnlySpan<string> known)
    {
        foreach (var name in session.InputMetadata.Keys)
        {
            if (!known.Contains(name))
            {
                throw new ModelImportException($"The {graph}'s input '{name}' is not supported.");
            }
        }
    }

    /// <summary>The output of one of the names, which must be numbers.</summary>
    /// <exception cref="ModelImportException">There is none.</exception>
    public static string RequireOutput(InferenceSession session, string graph, string name) =>
        session.OutputMetadata.TryGetValue(name, out var output) && output.IsTensor
            && (output.ElementDataType is TensorElementType.Float or TensorElementType.Float16)
            ? name
            : throw new ModelImportException(
                $"The {graph} has no output '{name}' of numbers; its outputs are {string.Join(", ", session.OutputMetadata.Keys)}.");
}
