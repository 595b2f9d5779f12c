using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;

namespace Tollgate.Training.Steps;

/// <summary>What a training makes small.</summary>
internal enum LossKind
{
    /// <summary>Cross-entropy of the softmax of logits <c>[batch, classes]</c>, with labels <c>[batch]</c> of int64.</summary>
    Softmax,

    /// <summary>Cross-entropy of the sigmoid of logits, with labels of float32 from 0 to 1 in the same shape, <c>[batch]</c> or
    /// <c>[batch, labels]</c>; the mean over the labels of a row.</summary>
    Sigmoid,
}

/// <summary>Appends a loss to a forward graph: the sum over rows of the row's weight times its loss. Weights of 1/rows make it the
/// mean; class weights, rows that only fill a batch and parts of a batch are other weights.</summary>
internal static class LossGraph
{
    public const string Labels = "~labels";

    /// <summary>Weights of rows, <c>[batch]</c> of float32.</summary>
    public const string RowWeights = "~row_weights";

    /// <param name="shapes">Shapes of the forward graph.</param>
    /// <returns>The loss, a single number.</returns>
    public static string Append(ModelGraph graph, IReadOnlyDictionary<string, ProbedTensor> shapes, string logits, LossKind kind)
    {
        var shape = shapes[logits];
        var batch = graph.Inputs.Select(input => input.Dimensions.FirstOrDefault()).OfType<string>().FirstOrDefault()
            ?? throw new GradientException("No input of the graph has a free first dimension, which is the batch.");
        if (shape.Rank is 0 or > 2 || (kind == LossKind.Softmax && shape.Rank != 2) || shape.Fixed(0) is not null)
        {
            throw new GradientException(
                $"The logits '{logits}' must be [batch, classes]{(kind == LossKind.Sigmoid ? " or [batch]" : "")}, with a free batch.");
        }

        graph.Inputs.Add(new GraphInput(RowWeights, TensorElementType.Float, [batch]));
        graph.Inputs.Add(kind == LossKind.Softmax
            ? new GraphInput(Labels, TensorElementType.Int64, [batch])
            : new GraphInput(Labels, TensorElementType.Float, shape.Rank == 1 ? [batch] : [batch, shape.Fixed(1) ?? 1]));
        var rows = kind == LossKind.Softmax ? Softmax(graph, logits) : Sigmoid(graph, logits, shape.Rank);
        return graph.Add("ReduceSum", [graph.Add("Mul", [rows, RowWeights])], ("keepdims", 0));
    }

    /// <summary>Adds half of a factor times the sum of the squares of some parameters, in proportion to the weights of the rows.</summary>
    public static string AppendSquares(ModelGraph graph, string loss, IEnumerable<string> parameters, float factor)
    {
        string[] squares =
        [
            .. parameters.Select(name => graph.Add("ReduceSum", [graph.Add("Mul", [name, name])], ("keepdims", 0))),
        ];
        if (squares.Length == 0)
        {
            return loss;
        }

        var share = graph.Add("ReduceSum", [RowWeights], ("keepdims", 0));
        var sum = graph.Add("Mul", [graph.Add("Sum", squares), graph.Number(factor / 2)]);
        return graph.Add("Add", [loss, graph.Add("Mul", [sum, share])]);
    }

    private static string Softmax(ModelGraph graph, string logits)
    {
        var classes = graph.Add("Squeeze", [graph.Add("Shape", [logits], ("start", 1), ("end", 2))]);
        graph.Initializers["~off_on"] = OnnxTensor.Of([0f, 1f], 2);
        graph.Literals.Add("~off_on");
        var chosen = graph.Add("OneHot", [Labels, classes, "~off_on"]);
        var logarithms = graph.Add("LogSoftmax", [logits], ("axis", 1));
        return graph.Add("Neg", [graph.Add("ReduceSum", [graph.Add("Mul", [logarithms, chosen]), graph.Wholes(1)], ("keepdims", 0))]);
    }

    /// <remarks>log(1 + exp(x)) − x · label, which does not overflow.</remarks>
    private static string Sigmoid(ModelGraph graph, string logits, int rank)
    {
        var each = graph.Add("Sub", [graph.Add("Softplus", [logits]), graph.Add("Mul", [logits, Labels])]);
        return rank == 1 ? each : graph.Add("ReduceMean", [each], ("axes", new long[] { 1 }), ("keepdims", 0));
    }
}
