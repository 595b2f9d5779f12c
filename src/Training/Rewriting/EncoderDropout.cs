using Tollgate.Training.Graphs;

namespace Tollgate.Training.Rewriting;

/// <summary>Finds where BERT's encoders are dropped out in training. Exporters leave these places out.</summary>
internal static class EncoderDropout
{
    /// <summary>Results of the dense layers before a residual sum, and of the embeddings' normalization.</summary>
    public static IEnumerable<string> Hidden(ModelGraph graph)
    {
        var producers = Producers(graph);
        foreach (var norm in graph.Nodes.Where(node => node.Operator == "LayerNormalization"))
        {
            string[] dense = producers.TryGetValue(norm.Inputs[0], out var sum) && sum.Operator == "Add"
                ? [.. sum.Inputs.Where(input => producers.TryGetValue(input, out var node) && IsDense(graph, node))]
                : [];
            foreach (var place in dense.Length > 0 ? dense : [norm.Outputs[0]])
            {
                yield return place;
            }
        }
    }

    /// <summary>Weights of attention.</summary>
    public static IEnumerable<string> Attention(ModelGraph graph) =>
        graph.Nodes.Where(node => node.Operator == "Softmax").Select(node => node.Outputs[0]);

    private static bool IsDense(ModelGraph graph, ModelNode node) =>
        node.Operator == "Gemm" || (node.Operator == "Add" && node.Inputs.Any(graph.Initializers.ContainsKey)
            && graph.Nodes.Exists(other => other.Operator == "MatMul" && node.Inputs.Contains(other.Outputs[0])));

    private static Dictionary<string, ModelNode> Producers(ModelGraph graph) =>
        graph.Nodes.SelectMany(node => node.Outputs.Where(output => output.Length > 0).Select(output => (output, node)))
            .ToDictionary(pair => pair.output, pair => pair.node, StringComparer.Ordinal);
}
