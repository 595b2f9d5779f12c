using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Rewriting;

/// <summary>Replaces weights that a graph stores in another form by float32 constants, under the names that the operators read.</summary>
/// <remarks>Two forms are known. Quantized weights: integers, converted, and multiplied by scales. Shared constants: PyTorch's exporter
/// keeps parameters that happen to be equal, such as biases of zero, once, and reads the others through <c>Identity</c>. They are
/// parameters of their own.</remarks>
internal static class StoredWeights
{
    private static readonly string[] Conversions = ["Cast", "Mul", "Sub", "DequantizeLinear", "Identity", "Transpose", "Reshape"];

    public static void Unfold(ModelGraph graph)
    {
        var (made, copies) = (new List<ModelNode>(), new List<ModelNode>());
        var fromIntegers = graph.Initializers.Where(pair => IsSmallInteger(pair.Value.Type)).Select(pair => pair.Key)
            .ToHashSet(StringComparer.Ordinal);
        var stored = graph.Initializers.Keys.ToHashSet(StringComparer.Ordinal);
        foreach (var node in graph.Nodes.Where(node => Array.IndexOf(Conversions, node.Operator) >= 0 && node.Inputs.All(stored.Contains)))
        {
            if (node.Inputs.Any(fromIntegers.Contains))
            {
                made.Add(node);
                fromIntegers.Add(node.Outputs[0]);
                stored.Add(node.Outputs[0]);
            }
            else if (node.Operator == "Identity")
            {
                copies.Add(node);
            }
        }

        foreach (var node in copies)
        {
            graph.Initializers[node.Outputs[0]] = graph.Initializers[node.Inputs[0]];
        }

        if (made.Count > 0)
        {
            Compute(graph, made);
        }

        graph.Nodes.RemoveAll(node => made.Contains(node) || copies.Contains(node));
        RemoveUnread(graph);
    }

    private static bool IsSmallInteger(TensorElementType type) =>
        type is TensorElementType.Int8 or TensorElementType.UInt8 or TensorElementType.Int16 or TensorElementType.UInt16;

    private static void Compute(ModelGraph graph, List<ModelNode> made)
    {
        var read = graph.Nodes.Except(made).SelectMany(node => node.Reads).Concat(graph.Outputs).ToHashSet(StringComparer.Ordinal);
        var part = new ModelGraph();
        part.Nodes.AddRange(made);
        part.Outputs.AddRange(made.Select(node => node.Outputs[0]).Where(read.Contains));
        foreach (var name in made.SelectMany(node => node.Inputs).Where(graph.Initializers.ContainsKey))
        {
            part.Initializers[name] = graph.Initializers[name];
        }

        using var settings = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using var session = new InferenceSession(part.ToModel(), settings);
        using var options = new RunOptions();
        using var results = session.Run(options, new Dictionary<string, OrtValue>(), part.Outputs);
        for (var i = 0; i < results.Count; i++)
        {
            var info = results[i].GetTensorTypeAndShape();
            graph.Initializers[part.Outputs[i]] =
                new OnnxTensor(info.ElementDataType, info.Shape, results[i].GetTensorDataAsSpan<byte>().ToArray());
        }
    }

    private static void RemoveUnread(ModelGraph graph)
    {
        var read = graph.Nodes.SelectMany(node => node.Reads.Concat(Captured(node))).Concat(graph.Outputs)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var name in graph.Initializers.Keys.Where(name => !read.Contains(name)).ToArray())
        {
            graph.Initializers.Remove(name);
        }
    }

    private static IEnumerable<string> Captured(ModelNode node) =>
        node.Attributes.Values.OfType<ModelGraph>().SelectMany(body => body.Nodes)
            .SelectMany(inner => inner.Inputs.Concat(Captured(inner)));
}
