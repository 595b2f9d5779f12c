using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;

namespace Tollgate.Training.Methods;

/// <summary>Appends operators that make one vector of a row's tokens. Padding behind a row changes nothing.</summary>
internal static class TokenPooling
{
    /// <summary>The mean over the tokens.</summary>
    /// <param name="vectors"><c>[batch, tokens, width]</c> of float32.</param>
    /// <param name="mask">1 for a token, 0 for padding; <c>[batch, tokens]</c> of int64.</param>
    /// <returns><c>[batch, width]</c>; of a row without tokens zeros.</returns>
    public static string Mean(ModelGraph graph, string vectors, string mask)
    {
        var real = graph.Add("Cast", [mask], ("to", (long)TensorElementType.Float));
        var counts = graph.Add("Max", [graph.Add("ReduceSum", [real, graph.Wholes(1)], ("keepdims", 1)), graph.Number(1)]);
        return graph.Add("Div", [Weighted(graph, vectors, real), counts]);
    }

    /// <summary>The last token's vector.</summary>
    /// <inheritdoc cref="Mean"/>
    public static string Last(ModelGraph graph, string vectors, string mask)
    {
        var counts = graph.Add("ReduceSum", [mask, graph.Wholes(1)], ("keepdims", 0));
        var last = graph.Add("Sub", [counts, graph.Whole(1)]);
        var tokens = graph.Add("Squeeze", [graph.Add("Shape", [mask], ("start", 1), ("end", 2))]);
        var places = graph.Add("Range", [graph.Whole(0), tokens, graph.Whole(1)]);
        var isLast = graph.Add("Equal", [places, graph.Add("Unsqueeze", [last, graph.Wholes(1)])]);
        return Weighted(graph, vectors, graph.Add("Cast", [isLast], ("to", (long)TensorElementType.Float)));
    }

    private static string Weighted(ModelGraph graph, string vectors, string weights) => graph.Add(
        "ReduceSum", [graph.Add("Mul", [vectors, graph.Add("Unsqueeze", [weights, graph.Wholes(2)])]), graph.Wholes(1)], ("keepdims", 0));
}
