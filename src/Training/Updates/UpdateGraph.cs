using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;

namespace Tollgate.Training.Updates;

/// <summary>The graph of one update of AdamW over all parameters in one memory, <c>[blocks, numbers]</c>. It runs block by block, so that
/// what its operators pass to each other stays in the processor's cache.</summary>
internal static class UpdateGraph
{
    public const string Values = "values";
    public const string Gradients = "gradients";
    public const string First = "first";
    public const string Second = "second";

    /// <summary>Decay of each block, <c>[blocks]</c>.</summary>
    public const string Decay = "decay";

    /// <summary>Learning rate; the same with the corrections of both moments' start at 0; epsilon with that of the second. <c>[3]</c>.
    /// </summary>
    public const string Rates = "rates";

    public const string NewValues = "new_values";
    public const string NewFirst = "new_first";
    public const string NewSecond = "new_second";

    /// <summary>Norm over all gradients before it is limited, a single number.</summary>
    public const string Norm = "norm";

    /// <param name="clipNorm">Largest norm over all gradients; 0 for no limit.</param>
    public static byte[] Build(long blocks, long numbers, double beta1, double beta2, double clipNorm)
    {
        var graph = new ModelGraph();
        foreach (var name in (string[])[Values, Gradients, First, Second])
        {
            graph.Inputs.Add(new GraphInput(name, TensorElementType.Float, [blocks, numbers]));
        }

        graph.Inputs.Add(new GraphInput(Decay, TensorElementType.Float, [blocks]));
        graph.Inputs.Add(new GraphInput(Rates, TensorElementType.Float, [3L]));

        // A product of rows and columns sums squares several times faster than ReduceSumSquare.
        var rows = graph.Add("Reshape", [Gradients, graph.Wholes(blocks, 1, numbers)]);
        var columns = graph.Add("Reshape", [Gradients, graph.Wholes(blocks, numbers, 1)]);
        var squares = graph.Add("MatMul", [rows, columns]);
        graph.Nodes.Add(new ModelNode("Sqrt", "", [graph.Add("ReduceSum", [squares], ("keepdims", 0))], [Norm]));
        var factor = clipNorm > 0
            ? graph.Add(
                "Min",
                [graph.Number(1), graph.Add("Div", [graph.Number((float)clipNorm), graph.Add("Add", [Norm, graph.Number(1e-6f)])])])
            : graph.Number(1);
        var share1 = graph.Add("Mul", [factor, graph.Number((float)(1 - beta1))]);
        var share2 = graph.Add("Mul", [graph.Add("Mul", [factor, factor]), graph.Number((float)(1 - beta2))]);
        string Rate(long index) => graph.Add("Gather", [Rates, graph.Whole(index)]);
        var keep = graph.Add("Sub", [graph.Number(1), graph.Add("Mul", [Decay, Rate(0)])]);
        var (rate, epsilon) = (Rate(1), Rate(2));

        var body = graph.NewBody();
        string[] slices = [.. Enumerable.Range(0, 5).Select(_ => body.NewName("slice"))];
        body.Inputs.AddRange(slices.Select(slice => new GraphInput(slice, TensorElementType.DataTypeMax, [])));
        var (value, gradient, first, second, kept) = (slices[0], slices[1], slices[2], slices[3], slices[4]);
        string Mul(string left, string right) => body.Add("Mul", [left, right]);
        var newFirst = body.Add("Add", [Mul(first, body.Number((float)beta1)), Mul(gradient, share1)]);
        var newSecond = body.Add("Add", [Mul(second, body.Number((float)beta2)), Mul(Mul(gradient, gradient), share2)]);
        var change = Mul(body.Add("Div", [newFirst, body.Add("Add", [body.Add("Sqrt", [newSecond]), epsilon])]), rate);
        body.Outputs.AddRange([body.Add("Sub", [Mul(value, kept), change]), newFirst, newSecond]);
        graph.Nodes.Add(new ModelNode("Scan", "", [Values, Gradients, First, Second, keep], [NewValues, NewFirst, NewSecond])
        {
            Attributes = new(StringComparer.Ordinal) { ["body"] = body, ["num_scan_inputs"] = 5L },
        });
        graph.Outputs.AddRange([NewValues, NewFirst, NewSecond, Norm]);
        return graph.ToModel();
    }

    /// <summary>The sum of two memories, <c>sum</c> and <c>part</c>, as <c>new_sum</c>.</summary>
    public static byte[] BuildSum(long blocks, long numbers)
    {
        var graph = new ModelGraph();
        graph.Inputs.Add(new GraphInput("sum", TensorElementType.Float, [blocks, numbers]));
        graph.Inputs.Add(new GraphInput("part", TensorElementType.Float, [blocks, numbers]));
        graph.Nodes.Add(new ModelNode("Add", "", ["sum", "part"], ["new_sum"]));
        graph.Outputs.Add("new_sum");
        return graph.ToModel();
    }
}
