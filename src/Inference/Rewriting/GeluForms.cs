using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Rewriting;

/// <summary>Replaces the exact GELU as PyTorch's exporters write it, x · (1 + erf(x / √2)) / 2 in five operators, by ONNX Runtime's one.
/// </summary>
internal static class GeluForms
{
    private const double RootTwo = 1.4142135623730951;

    public static void Replace(ModelGraph graph)
    {
        var producers = graph.Nodes.SelectMany(node => node.Outputs.Select(output => (output, node)))
            .Where(pair => pair.output.Length > 0).ToDictionary(pair => pair.output, pair => pair.node, StringComparer.Ordinal);
        var readers = graph.Nodes.SelectMany(node => node.Inputs).Concat(graph.Outputs).GroupBy(name => name, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        foreach (var erf in graph.Nodes.Where(node => node.Operator == "Erf").ToArray())
        {
            if (Find(graph, erf, producers, readers) is { } form)
            {
                graph.Nodes[graph.Nodes.IndexOf(form.Last)] =
                    new ModelNode("Gelu", OnnxGraphBuilder.MicrosoftDomain, [form.X], form.Last.Outputs) { Name = form.Last.Name };
                graph.Nodes.RemoveAll(form.Inner.Contains);
            }
        }
    }

    private static (string X, ModelNode Last, ModelNode[] Inner)? Find(
        ModelGraph graph, ModelNode erf, Dictionary<string, ModelNode> producers, Dictionary<string, int> readers)
    {
        if (!producers.TryGetValue(erf.Inputs[0], out var divided) || Scaled(graph, divided) is not { } x
            || Next(graph, erf, readers) is not { Operator: "Add" } sum || !HasConstant(graph, sum, 1)
            || Next(graph, sum, readers) is not { Operator: "Mul" } first || readers[divided.Outputs[0]] != 1)
        {
            return null;
        }

        // x · (1 + erf) · ½, or (x · ½) · (1 + erf), or x · (½ · (1 + erf)).
        if (HasConstant(graph, first, 0.5f))
        {
            return Next(graph, first, readers) is { Operator: "Mul" } last && last.Inputs.Contains(x)
                ? (x, last, [divided, erf, sum, first])
                : null;
        }

        if (first.Inputs.Contains(x))
        {
            return Next(graph, first, readers) is { Operator: "Mul" } last && HasConstant(graph, last, 0.5f)
                ? (x, last, [divided, erf, sum, first])
                : null;
        }

        var other = first.Inputs[0] == sum.Outputs[0] ? first.Inputs[1] : first.Inputs[0];
        return producers.TryGetValue(other, out var half) && half.Operator == "Mul" && half.Inputs.Contains(x)
            && HasConstant(graph, half, 0.5f) && readers[other] == 1
            ? (x, first, [divided, erf, sum, half])
            : null;
    }

    /// <summary>The x of x / √2.</summary>
    private static string? Scaled(ModelGraph graph, ModelNode node) => node.Operator switch
    {
        "Div" when Constant(graph, node.Inputs[1]) is { } value && Math.Abs(value - RootTwo) < 1e-5 => node.Inputs[0],
        "Mul" when Constant(graph, node.Inputs[1]) is { } value && Math.Abs(value - (1 / RootTwo)) < 1e-5 => node.Inputs[0],
        _ => null,
    };

    private static ModelNode? Next(ModelGraph graph, ModelNode node, Dictionary<string, int> readers) =>
        readers.GetValueOrDefault(node.Outputs[0]) == 1
            ? graph.Nodes.Find(other => other.Inputs.Contains(node.Outputs[0]))
            : null;

    private static bool HasConstant(ModelGraph graph, ModelNode node, float value) =>
        node.Inputs.Any(input => Constant(graph, input) == value);

    private static float? Constant(ModelGraph graph, string name) =>
        graph.Initializers.GetValueOrDefault(name) is { Count: 1, Type: Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float } tensor
            ? tensor.Floats[0]
            : null;
}
