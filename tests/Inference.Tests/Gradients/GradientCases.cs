using Tollgate.Inference.Rewriting;

namespace Tollgate.Inference.Tests.Gradients;

/// <summary>Random graphs of each operator that has a gradient. Shapes, broadcasting and numbers depend on the seed.</summary>
internal static class GradientCases
{
    public static Dictionary<string, Func<GradientCheck, string>> All { get; } = new(StringComparer.Ordinal)
    {
        ["Add"] = c => Pair(c, "Add"),
        ["Sub"] = c => Pair(c, "Sub"),
        ["Mul"] = c => Pair(c, "Mul"),
        ["Div"] = c => Pair(c, "Div", 0.5, 2),
        ["Pow"] = c => Pair(c, "Pow", 0.5, 2),
        ["Pow of a constant"] = c => c.Graph.Add("Pow", [Any(c), c.Graph.Number(c.Random.Next(2, 4))]),
        ["Max"] = c => Pair(c, "Max"),
        ["Min"] = c => Pair(c, "Min"),
        ["Sum"] = c => c.Graph.Add("Sum", [c.Real(c.Free("a"), 3), c.Real(3), c.Real(c.Free("a"), 1)]),
        ["Clip"] = c => c.Graph.Add("Clip", [Any(c), c.Graph.Number(-0.5f), c.Graph.Number(0.5f)]),
        ["Where"] = Where,
        ["Neg"] = c => c.Graph.Add("Neg", [Any(c)]),
        ["Exp"] = c => c.Graph.Add("Exp", [Any(c)]),
        ["Log"] = c => c.Graph.Add("Log", [Any(c, 0.5, 2)]),
        ["Sqrt"] = c => c.Graph.Add("Sqrt", [Any(c, 0.5, 2)]),
        ["Reciprocal"] = c => c.Graph.Add("Reciprocal", [Any(c, 0.5, 2)]),
        ["Abs"] = c => c.Graph.Add("Abs", [Any(c)]),
        ["Sin"] = c => c.Graph.Add("Sin", [Any(c)]),
        ["Cos"] = c => c.Graph.Add("Cos", [Any(c)]),
        ["Tanh"] = c => c.Graph.Add("Tanh", [Any(c, -3, 3)]),
        ["Sigmoid"] = c => c.Graph.Add("Sigmoid", [Any(c, -3, 3)]),
        ["Relu"] = c => c.Graph.Add("Relu", [Any(c)]),
        ["Floor"] = c => Any(c) is var x ? c.Graph.Add("Add", [c.Graph.Add("Floor", [x]), x]) : "",
        ["Identity"] = c => c.Graph.Add("Identity", [Any(c)]),
        ["Cast"] = c => c.Graph.Add("Cast", [Any(c)], ("to", 1)),
        ["Dropout"] = c => c.Graph.Add("Dropout", [Any(c)]),
        ["MatMul of matrices"] = c => c.Graph.Add("MatMul", [c.Real(c.Free("a"), 3), c.Real(3, 2)]),
        ["MatMul with weights"] = c => c.Graph.Add("MatMul", [c.Real(c.Free("a"), c.Free("b"), 3), c.Real(3, c.Size())]),
        ["MatMul of batches"] = c =>
            c.Graph.Add("MatMul", [c.Real(c.Free("a"), 2, c.Free("b"), 3), c.Real(c.Free("a"), 2, 3, c.Free("b"))]),
        ["MatMul broadcast"] = c => c.Graph.Add("MatMul", [c.Real(c.Free("a"), 1, 2, 3), c.Real(3, 3, c.Size())]),
        ["MatMul broadcast left"] = c => c.Graph.Add("MatMul", [c.Real(2, 3), c.Real(c.Free("a"), 3, c.Size())]),
        ["Gemm"] = Gemm,
        ["Softmax"] = c => c.Graph.Add("Softmax", [c.RealIn(-2, 2, c.Free("a"), c.Free("b"), 3)], ("axis", c.Random.Next(-1, 2))),
        ["LogSoftmax"] = c => c.Graph.Add("LogSoftmax", [c.RealIn(-2, 2, c.Free("a"), 4)], ("axis", c.Random.Next(-1, 1))),
        ["LayerNormalization"] = c => c.Graph.Add(
            "LayerNormalization", [c.Real(c.Free("a"), c.Free("b"), 6), c.Real(6), c.Real(6)], ("axis", -1), ("epsilon", 1e-5f)),
        ["LayerNormalization of a matrix"] = c => c.Graph.Add(
            "LayerNormalization", [c.Real(c.Free("a"), 5), c.Real(5)], ("axis", 1), ("epsilon", 1e-12f)),
        ["LayerNormalization in parts"] = NormalizationInParts,
        ["ReduceSum"] = c => c.Graph.Add("ReduceSum", [Cube(c), c.Graph.Wholes(Axes(c))], ("keepdims", c.Random.Next(2))),
        ["ReduceSum of all"] = c => c.Graph.Add("ReduceSum", [Cube(c)], ("keepdims", c.Random.Next(2))),
        ["ReduceMean"] = c => c.Graph.Add("ReduceMean", [Cube(c)], ("axes", Axes(c)), ("keepdims", c.Random.Next(2))),
        ["ReduceL2"] = c => c.Graph.Add("ReduceL2", [Cube(c)], ("axes", new long[] { -1 }), ("keepdims", c.Random.Next(2))),
        ["Reshape"] = c => c.Graph.Add("Reshape", [c.Real(c.Free("a"), 4), c.Graph.Wholes(-1, 2)]),
        ["Flatten"] = c => c.Graph.Add("Flatten", [Cube(c)], ("axis", 2)),
        ["Squeeze"] = c => c.Graph.Add("Squeeze", [c.Real(c.Free("a"), 1, 3), c.Graph.Wholes(1)]),
        ["Unsqueeze"] = c => c.Graph.Add("Unsqueeze", [c.Real(c.Free("a"), 3), c.Graph.Wholes(0, 2)]),
        ["Transpose"] = c => c.Graph.Add("Transpose", [Cube(c)], ("perm", new long[] { 2, 0, 1 })),
        ["Transpose reversed"] = c => c.Graph.Add("Transpose", [Cube(c)]),
        ["Expand"] = c =>
        {
            var like = c.Graph.Add("Shape", [c.Real(c.Free("a"), 3, 2)]);
            return c.Graph.Add("Expand", [c.Real(3, 1), like]);
        },
        ["Concat"] = c => c.Graph.Add("Concat", [c.Real(c.Free("a"), 2), c.Real(c.Free("a"), 3), c.Real(c.Free("a"), 1)], ("axis", -1)),
        ["Concat of itself"] = c => Any(c) is var x ? c.Graph.Add("Concat", [x, x], ("axis", 0)) : "",
        ["Split"] = Split,
        ["Slice"] = c => c.Graph.Add(
            "Slice", [c.Real(c.Free("a"), 5, 4), c.Graph.Wholes(1, -3), c.Graph.Wholes(4, long.MaxValue), c.Graph.Wholes(1, -1)]),
        ["Gather rows"] = c => c.Graph.Add("Gather", [c.Real(7, 3), c.Whole(0, 7, c.Free("a"), c.Free("b"))]),
        ["Gather columns"] = c => c.Graph.Add("Gather", [c.Real(c.Free("a"), 4, 3), c.Whole(0, 4, c.Free("b"))], ("axis", 1)),
        ["Gather last"] = c => c.Graph.Add("Gather", [c.Real(c.Free("a"), 4, 3), c.Graph.Whole(-1)], ("axis", 1)),
        ["Gather first"] = c => c.Graph.Add("Gather", [Cube(c), c.Graph.Whole(0)], ("axis", 0)),
        ["GatherElements"] = c => c.Graph.Add("GatherElements", [c.Real(3, 4), c.Whole(0, 4, 3, 2)], ("axis", 1)),
        ["LSTM forward"] = c => Lstm(c, "forward", hasStates: false),
        ["LSTM reverse"] = c => Lstm(c, "reverse", hasStates: true),
        ["LSTM bidirectional"] = c => Lstm(c, "bidirectional", hasStates: true),
        ["LSTM of two layers"] = TwoLayers,
        ["Shared"] = c =>
        {
            var x = c.Real(c.Free("a"), 3);
            return c.Graph.Add("Mul", [c.Graph.Add("Tanh", [x]), c.Graph.Add("Add", [x, c.Graph.Add("Exp", [x])])]);
        },
    };

    private static string Any(GradientCheck c, double low = -1, double high = 1) => c.Random.Next(4) switch
    {
        0 => c.RealIn(low, high, c.Free("a")),
        1 => c.RealIn(low, high, c.Free("a"), 3),
        2 => c.RealIn(low, high, c.Free("a"), c.Free("b"), 2),
        _ => c.RealIn(low, high, 2, c.Free("a"), 1, 2),
    };

    private static string Cube(GradientCheck c) => c.Real(c.Free("a"), c.Free("b"), 3);

    private static long[] Axes(GradientCheck c) => c.Random.Next(4) switch { 0 => [0], 1 => [-1], 2 => [0, 2], _ => [1] };

    /// <summary>Two operands whose shapes broadcast to each other in one of several ways.</summary>
    private static string Pair(GradientCheck c, string type, double low = -1, double high = 1)
    {
        var (a, b) = (c.Free("a"), c.Free("b"));
        (object[] Left, object[] Right)[] forms =
        [
            ([a, b, 3], [a, b, 3]), ([a, b, 3], [3]), ([3], [a, b, 3]), ([a, b, 3], []), ([a, 1, 3], [1, b, 1]), ([a, b, 3], [b, 1]),
            ([a, 2, 1], [4]), ([1, 3], [a, 1]), ([a, 1], [a, 3]), ([], [a]),
        ];
        var (left, right) = forms[c.Random.Next(forms.Length)];
        return c.Graph.Add(type, [c.RealIn(low, high, left), c.RealIn(low, high, right)]);
    }

    private static string Where(GradientCheck c)
    {
        var condition = c.Graph.Add("Greater", [c.Whole(0, 2, c.Free("a"), 3), c.Graph.Whole(0)]);
        return c.Random.Next(2) == 0
            ? c.Graph.Add("Where", [condition, c.Real(c.Free("a"), 3), c.Real(3)])
            : c.Graph.Add("Where", [condition, c.Real(), c.Real(c.Free("b"), 1, 3)]);
    }

    private static string Gemm(GradientCheck c)
    {
        var (transA, transB) = (c.Random.Next(2), c.Random.Next(2));
        var a = transA == 1 ? c.Real(3, c.Free("a")) : c.Real(c.Free("a"), 3);
        var b = transB == 1 ? c.Real(2, 3) : c.Real(3, 2);
        var bias = c.Random.Next(3) switch { 0 => c.Real(2), 1 => c.Real(1), _ => c.Real(c.Free("a"), 2) };
        return c.Graph.Add("Gemm", [a, b, bias], ("transA", transA), ("transB", transB), ("alpha", 0.5f), ("beta", 2f));
    }

    private static string NormalizationInParts(GradientCheck c)
    {
        var x = c.Real(c.Free("a"), c.Free("b"), 4);
        var axes = new long[] { -1 };
        var centred = c.Graph.Add("Sub", [x, c.Graph.Add("ReduceMean", [x], ("axes", axes), ("keepdims", 1))]);
        var variance = c.Graph.Add("ReduceMean", [c.Graph.Add("Pow", [centred, c.Graph.Number(2)])], ("axes", axes), ("keepdims", 1));
        var deviation = c.Graph.Add("Sqrt", [c.Graph.Add("Add", [variance, c.Graph.Number(1e-5f)])]);
        return c.Graph.Add("Add", [c.Graph.Add("Mul", [c.Graph.Add("Div", [centred, deviation]), c.Real(4)]), c.Real(4)]);
    }

    private static string Split(GradientCheck c)
    {
        var parts = c.Graph.Add("Split", "", 3, [c.Real(c.Free("a"), 6), c.Graph.Wholes(1, 2, 3)], ("axis", 1));
        return c.Graph.Add("Mul", [parts[0], c.Graph.Add("Tanh", [parts[2]])]); // Nothing reads the second part.
    }

    private static string Lstm(GradientCheck c, string direction, bool hasStates)
    {
        c.Prepare = LstmForm.Replace;
        var y = Layer(c, c.Real(c.Free("time", 5), c.Free("batch", 3), 2), 2, direction, hasStates, out var states);
        var all = c.Graph.Add("ReduceSum", [y, c.Graph.Wholes(0)], ("keepdims", 0));
        return c.Graph.Add("Add", [all, c.Graph.Add("Mul", [states[1], states[2]])]);
    }

    private static string TwoLayers(GradientCheck c)
    {
        c.Prepare = LstmForm.Replace;
        var first = Layer(c, c.Real(c.Free("time", 5), c.Free("batch", 3), 2), 2, "bidirectional", false, out _);
        var turned = c.Graph.Add("Transpose", [first], ("perm", new long[] { 0, 2, 1, 3 }));
        var flat = c.Graph.Add("Reshape", [turned, c.Graph.Wholes(0, 0, -1)]);
        var second = Layer(c, flat, 4, "forward", false, out _);
        return c.Graph.Add("Gather", [second, c.Graph.Whole(-1)], ("axis", 0));
    }

    private static string Layer(GradientCheck c, string x, int inputs, string direction, bool hasStates, out string[] outputs)
    {
        const int Hidden = 2;
        var directions = direction == "bidirectional" ? 2 : 1;
        string[] operands =
            [x, c.Real(directions, 4 * Hidden, inputs), c.Real(directions, 4 * Hidden, Hidden), c.Real(directions, 8 * Hidden)];
        if (hasStates)
        {
            operands = [.. operands, "", c.Real(directions, c.Free("batch", 3), Hidden), c.Real(directions, c.Free("batch", 3), Hidden)];
        }

        outputs = c.Graph.Add("LSTM", "", 3, operands, ("hidden_size", Hidden), ("direction", direction));
        return outputs[0];
    }
}
