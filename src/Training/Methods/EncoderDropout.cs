using Tollgate.Inference.Graphs;

namespace Tollgate.Training.Methods;

/// <summary>Finds where BERT's encoders are dropped out in training. Exporters leave these places out.</summary>
internal static class EncoderDropout
{
    /// <summary>Results of the dense layers that join a residual, whatever form the normalization behind it has, and of the embeddings'
    /// normalization where it is one operator.</summary>
    public static IReadOnlyList<string> Hidden(ModelGraph graph)
    {
        var producers = graph.Nodes.SelectMany(node => node.Outputs.Where(output => output.Length > 0).Select(output => (output, node)))
            .ToDictionary(pair => pair.output, pair => pair.node, StringComparer.Ordinal);
        var residuals = graph.Nodes
            .Where(node => node.Operator == "Add" && node.Inputs.All(producers.ContainsKey) && node.Inputs.Any(IsDense)).ToList();
        var embeddings = graph.Nodes.Where(node => node.Operator == "LayerNormalization"
            && !residuals.Exists(residual => residual.Outputs.Contains(node.Inputs[0])));
        return
        [
            .. embeddings.Select(node => node.Outputs[0]),
            .. residuals.SelectMany(node => node.Inputs).Where(IsDense).Distinct(StringComparer.Ordinal),
        ];

        // A product with weights, and biases added to it.
        bool IsDense(string tensor) => producers[tensor] is var made && (made.Operator == "Gemm" || (made.Operator == "Add"
            && made.Inputs.Any(graph.Initializers.ContainsKey)
            && made.Inputs.Any(input => producers.TryGetValue(input, out var product) && product.Operator == "MatMul"
                && product.Inputs.Any(graph.Initializers.ContainsKey))));
    }
}
