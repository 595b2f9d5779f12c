using Tollgate.Inference.Graphs;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Exported;

/// <summary>Operators that exported decoders consist of: a closed world. None of them loops.</summary>
internal static class ExportedOperators
{
    private static readonly HashSet<string> Usual = new(StringComparer.Ordinal)
    {
        "Add", "And", "Cast", "CastLike", "Clip", "Concat", "Constant", "ConstantOfShape", "Cos", "CumSum", "DequantizeLinear", "Div",
        "Equal", "Expand", "Flatten", "Gather", "GatherND", "Gelu", "Gemm", "Greater", "GreaterOrEqual", "Identity", "If", "IsNaN",
        "LayerNormalization", "Less", "LessOrEqual", "MatMul", "Max", "Min", "Mul", "Neg", "Not", "Or", "Pow", "RMSNormalization", "Range",
        "Reciprocal", "ReduceMax", "ReduceMean", "ReduceSum", "Reshape", "RotaryEmbedding", "ScatterND", "Shape", "Sigmoid",
        "SimplifiedLayerNormalization", "Sin", "Slice", "Softmax", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Tile", "Transpose",
        "Trilu", "Unsqueeze", "Where",
    };

    private static readonly HashSet<string> Microsofts = new(StringComparer.Ordinal)
    {
        "FastGelu", "GatherBlockQuantized", "Gelu", "GroupQueryAttention", "MatMulNBits", "MultiHeadAttention", "RotaryEmbedding",
        "SimplifiedLayerNormalization", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization",
    };

    /// <exception cref="ModelImportException">The graph has another operator.</exception>
    public static void Check(ExportedGraph graph)
    {
        foreach (var node in graph.All.SelectMany(part => part.Nodes))
        {
            var known = node.Domain switch
            {
                "" => Usual,
                OnnxGraphBuilder.MicrosoftDomain => Microsofts,
                _ => null,
            };
            if (known?.Contains(node.Operator) != true)
            {
                throw new ModelImportException(
                    $"The graph has the operator {Describe(node)}, which is not one of a decoder that is read. Take the model's "
                    + "safetensors or a GGUF file of it.");
            }
        }
    }

    /// <summary>A node for a message.</summary>
    public static string Describe(ModelNode node) =>
        $"{ExportedGraphReader.Shorten(node.Operator)} '{ExportedGraphReader.Shorten(node.Name.Length > 0 ? node.Name : node.Output(0))}'";
}
