using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Rewriting;

/// <summary>Replaces rows that are looked up in 8 bits, and multiplied by a scale of each, by rows of a table of float32
/// numbers.</summary>
internal static class StoredTables
{
    public static void Replace(ModelGraph graph)
    {
        foreach (var product in graph.Nodes.Where(node => node is { Operator: "Mul", Domain: "" }).ToArray())
        {
            if (Find(graph, product) is not { } look)
            {
                continue;
            }

            var name = graph.NewName("table");
            graph.Initializers[name] = Numbers(graph.Initializers[look.Bytes.Inputs[0]], graph.Initializers[look.Scales.Inputs[0]].Floats);
            graph.Nodes[graph.Nodes.IndexOf(product)] = new ModelNode("Gather", "", [name, look.Bytes.Inputs[1]], product.Outputs);
            foreach (var node in (ModelNode[])[look.Cast, look.Bytes, look.Scales])
            {
                if (!graph.Nodes.Exists(other => other.Inputs.Contains(node.Outputs[0])))
                {
                    graph.Nodes.Remove(node);
                }
            }
        }
    }

    private static (ModelNode Cast, ModelNode Bytes, ModelNode Scales)? Find(ModelGraph graph, ModelNode product)
    {
        ModelNode? Made(string tensor, string type) => graph.Nodes.Find(node => node.Operator == type && node.Outputs[0] == tensor);
        return Made(product.Inputs[0], "Cast") is { } cast
            && Made(cast.Inputs[0], "Gather") is { } bytes && bytes.Whole("axis", 0) == 0
            && Made(product.Inputs[1], "Gather") is { } scales && scales.Whole("axis", 0) == 0
            && bytes.Input(1) == scales.Input(1)
            && graph.Initializers.GetValueOrDefault(bytes.Inputs[0]) is { Type: TensorElementType.Int8, Shape: [var rows, _] }
            && graph.Initializers.GetValueOrDefault(scales.Inputs[0]) is { Type: TensorElementType.Float, Shape: [var count, 1] }
            && rows == count ? (cast, bytes, scales) : null;
    }

    private static OnnxTensor Numbers(OnnxTensor bytes, ReadOnlySpan<float> scales)
    {
        var width = (int)bytes.Shape[1];
        var numbers = new float[bytes.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (sbyte)bytes.Data.Span[i] * scales[i / width];
        }

        return OnnxTensor.Of(numbers, bytes.Shape);
    }
}
