namespace Tollgate.Inference.Gradients;

/// <summary>Gradients of operators that work along axes: sums, means, softmax, layer normalization.</summary>
internal static class NormalizationRules
{
    public static (string Name, Action<GradientStep> Rule)[] All { get; } =
    [
        ("Softmax", Softmax), ("LogSoftmax", LogSoftmax), ("LayerNormalization", LayerNormalization), ("ReduceSum", ReduceSum),
        ("ReduceMean", ReduceMean), ("ReduceL2", ReduceL2),
    ];

    private static void Softmax(GradientStep step)
    {
        var axis = SoftmaxAxis(step);
        var product = step.Mul(step.Dy, step.Y);
        step.Give(0, step.Op("Sub", product, step.Mul(step.Y, step.Sum(product, keep: true, axis))));
    }

    private static void LogSoftmax(GradientStep step)
    {
        var sum = step.Sum(step.Dy, keep: true, SoftmaxAxis(step));
        step.Give(0, step.Op("Sub", step.Dy, step.Mul(step.Op("Exp", step.Y), sum)));
    }

    private static long SoftmaxAxis(GradientStep step) =>
        GradientStep.Axis(step.Node.Whole("axis", -1), step.Shape(step.Y).Rank);

    /// <remarks>Ba, Kiros and Hinton, Layer Normalization (2016). With n = (x − mean) / deviation and g = dy · scale:
    /// dx = (g − mean(g) − n · mean(g · n)) / deviation.</remarks>
    private static void LayerNormalization(GradientStep step)
    {
        var shape = step.Shape(step.X);
        var axis = GradientStep.Axis(step.Node.Whole("axis", -1), shape.Rank);
        if (axis != shape.Rank - 1)
        {
            throw step.Refuse("only the last axis may be normalized");
        }

        var scale = step.Node.Inputs[1];
        var (mean, inverse) = Moments(step);
        var normalized = step.Mul(step.Op("Sub", step.X, mean), inverse);
        var weighted = step.Mul(step.Dy, normalized);
        if (step.Wants(1))
        {
            step.Give(1, step.Reduce(weighted, step.Shape(step.Y), scale));
        }

        step.GiveReduced(2, () => step.Dy);
        if (step.Wants(0))
        {
            var g = step.Mul(step.Dy, scale);
            var offset = Mean(step, g);
            var slope = Mean(step, step.Mul(weighted, scale));
            step.Give(0, step.Mul(step.Op("Sub", step.Op("Sub", g, offset), step.Mul(normalized, slope)), inverse));
        }
    }

    /// <summary>Mean and inverse deviation of each row: ONNX Runtime's own optional outputs of the operator.</summary>
    private static (string Mean, string Inverse) Moments(GradientStep step)
    {
        var node = step.Node;
        if (node.Output(1).Length > 0 && node.Output(2).Length > 0)
        {
            return (node.Output(1), node.Output(2));
        }

        var (mean, inverse) = (step.Graph.NewName("mean"), step.Graph.NewName("inverse"));
        var index = step.Graph.Nodes.IndexOf(node);
        step.Graph.Nodes[index] = node with { Outputs = [node.Outputs[0], mean, inverse] };
        return (mean, inverse);
    }

    private static string Mean(GradientStep step, string tensor) =>
        step.Graph.Add("ReduceMean", [tensor], ("axes", new long[] { -1 }), ("keepdims", 1));

    private static void ReduceSum(GradientStep step) => step.Give(0, Spread(step, step.Dy, step.Wholes(1)));

    private static void ReduceMean(GradientStep step)
    {
        var count = step.Graph.Add(
            "Cast", [step.Op("Div", step.Op("Size", step.X), step.Op("Size", step.Y))], ("to", 1));
        step.Give(0, Spread(step, step.Op("Div", step.Dy, count), step.Node.Wholes("axes")));
    }

    private static void ReduceL2(GradientStep step) =>
        step.Give(0, step.Mul(Spread(step, step.Op("Div", step.Dy, step.Y), step.Node.Wholes("axes")), step.X));

    /// <summary>Repeats a gradient along the axes that were reduced.</summary>
    private static string Spread(GradientStep step, string gradient, long[]? axes)
    {
        if (axes is null or { Length: 0 } && step.Node.Whole("noop_with_empty_axes", 0) != 0)
        {
            return gradient;
        }

        if (step.Node.Whole("keepdims", 1) == 0)
        {
            var rank = step.Shape(step.X).Rank;
            var all = axes is { Length: > 0 } ? axes : [.. Enumerable.Range(0, rank).Select(i => (long)i)];
            gradient = step.Op("Unsqueeze", gradient, step.Graph.Wholes(all));
        }

        return step.Op("Expand", gradient, step.Op("Shape", step.X));
    }
}
