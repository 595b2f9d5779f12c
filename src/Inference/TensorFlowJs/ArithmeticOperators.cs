namespace Tollgate.Inference.TensorFlowJs;

/// <summary>Operators that compute element by element, reduce, or multiply matrices.</summary>
internal static class ArithmeticOperators
{
    private const float DefaultSlope = 0.2f;

    public static IEnumerable<(string Name, Func<OperatorCall, GraphValue[]> Convert)> All =>
    [
        .. Unary.Select(pair => (pair.Name, (Func<OperatorCall, GraphValue[]>)(call => [OfFloats(call, pair.Type)]))),
        .. Binary.Select(pair => (pair.Name, (Func<OperatorCall, GraphValue[]>)(
            call => [Elementwise.Binary(call, pair.Type, call[0], call[1])]))),
        .. Comparisons.Select(pair => (pair.Name, (Func<OperatorCall, GraphValue[]>)(
            call => [Elementwise.Binary(call, pair.Type, call[0], call[1], TensorKind.Boolean)]))),
        .. Reductions.Select(pair => (pair.Name, (Func<OperatorCall, GraphValue[]>)(call => [Reduce(call, pair.Type)]))),
        ("Relu6", call => [Elementwise.Unary(call, "Clip", call[0], [call.Graph.Scalar(0), call.Graph.Scalar(6)])]),
        ("LeakyRelu", call => [Elementwise.Unary(call, "LeakyRelu", call[0], [], ("alpha", call.Node.Real("alpha", DefaultSlope)))]),
        ("Square", call => [Elementwise.Binary(call, "Mul", call[0], call[0])]),
        ("Rsqrt", call => [Elementwise.Unary(call, "Reciprocal", OfFloats(call, "Sqrt"))]),
        ("ClipByValue", Clip),
        ("NotEqual", call =>
            [Elementwise.Unary(call, "Not", Elementwise.Binary(call, "Equal", call[0], call[1], TensorKind.Boolean))]),
        ("SquaredDifference", SquareDifference),
        ("RealDiv", Divide),
        ("Div", Divide),
        ("FloorDiv", FloorDivide),
        ("FloorMod", FloorModulo),
        ("Mod", FloorModulo),
        ("Select", Choose),
        ("SelectV2", Choose),
        ("Softmax", Soften),
        ("MatMul", Multiply),
        ("BatchMatMul", Multiply),
        ("BatchMatMulV2", Multiply),
        ("_FusedMatMul", call => Fusion.Apply(call, Multiply(call))),
    ];

    private static readonly (string Name, string Type)[] Unary =
    [
        ("Abs", "Abs"), ("Ceil", "Ceil"), ("Elu", "Elu"), ("Exp", "Exp"), ("Floor", "Floor"), ("Log", "Log"), ("Neg", "Neg"),
        ("Reciprocal", "Reciprocal"), ("Relu", "Relu"), ("Round", "Round"), ("Selu", "Selu"), ("Sigmoid", "Sigmoid"),
        ("Softplus", "Softplus"), ("Sqrt", "Sqrt"), ("Tanh", "Tanh"),
    ];

    private static readonly (string Name, string Type)[] Binary =
    [
        ("Add", "Add"), ("AddV2", "Add"), ("BiasAdd", "Add"), ("Maximum", "Max"), ("Minimum", "Min"), ("Mul", "Mul"), ("Pow", "Pow"),
        ("Prelu", "PRelu"), ("Sub", "Sub"), ("LogicalAnd", "And"), ("LogicalOr", "Or"),
    ];

    private static readonly (string Name, string Type)[] Comparisons =
    [
        ("Equal", "Equal"), ("Greater", "Greater"), ("GreaterEqual", "GreaterOrEqual"), ("Less", "Less"), ("LessEqual", "LessOrEqual"),
    ];

    private static readonly (string Name, string Type)[] Reductions =
    [
        ("Max", "ReduceMax"), ("Mean", "ReduceMean"), ("Min", "ReduceMin"), ("Prod", "ReduceProd"), ("Sum", "ReduceSum"),
    ];

    private static GraphValue OfFloats(OperatorCall call, string type) => call[0].Kind == TensorKind.Float
        ? Elementwise.Unary(call, type, call[0]) : throw call.Refuse("reads whole numbers, which is not supported");

    private static GraphValue[] Clip(OperatorCall call) =>
        call.Constant(1) is { Floats: [var low] } && call.Constant(2) is { Floats: [var high] }
            ? [Elementwise.Unary(call, "Clip", call[0], [call.Graph.Scalar(low), call.Graph.Scalar(high)])]
            : throw call.Refuse("has bounds that are no numbers");

    private static GraphValue[] SquareDifference(OperatorCall call)
    {
        var difference = Elementwise.Binary(call, "Sub", call[0], call[1]);
        return [Elementwise.Binary(call, "Mul", difference, difference)];
    }

    private static GraphValue[] Divide(OperatorCall call) => call[0].Kind == TensorKind.Integer && call[1].Kind == TensorKind.Integer
        ? FloorDivide(call) : [Elementwise.Binary(call, "Div", call[0], call[1])];

    private static GraphValue[] FloorDivide(OperatorCall call)
    {
        if (call[0].Kind == TensorKind.Float || call[1].Kind == TensorKind.Float)
        {
            return [Elementwise.Unary(call, "Floor", Elementwise.Binary(call, "Div", call[0], call[1]))];
        }

        // ONNX's division of whole numbers rounds towards zero; what is left without the remainder divides evenly.
        var whole = Elementwise.Binary(call, "Sub", call[0], FloorModulo(call)[0]);
        return [Elementwise.Binary(call, "Div", whole, call[1])];
    }

    private static GraphValue[] FloorModulo(OperatorCall call)
    {
        if (call[0].Kind == TensorKind.Float || call[1].Kind == TensorKind.Float)
        {
            var times = Elementwise.Unary(call, "Floor", Elementwise.Binary(call, "Div", call[0], call[1]));
            return [Elementwise.Binary(call, "Sub", call[0], Elementwise.Binary(call, "Mul", times, call[1]))];
        }

        // A division of whole numbers by zero ends the process.
        return call[0].Kind == TensorKind.Integer && call.Constant(1) is { Kind: TensorKind.Integer } divisors
            && !divisors.Integers.Contains(0)
            ? [Elementwise.Binary(call, "Mod", call[0], call[1])] : throw call.Refuse("may divide whole numbers by zero");
    }

    private static GraphValue[] Choose(OperatorCall call)
    {
        var ranks = new[] { call.Rank(0), call.Rank(1), call.Rank(2) };
        if (call[0].Kind != TensorKind.Boolean || call[1].Kind != call[2].Kind
            || (call.Node.Operator == "Select" && ranks.Distinct().Count() > 1))
        {
            throw call.Refuse("chooses between values of several kinds or ranks");
        }

        return OperatorCall.Value(
            call.Graph.Node("Where", [call.Plain(0), call.Plain(1), call.Plain(2)]), call[1].Kind, ranks.Max());
    }

    private static GraphValue[] Soften(OperatorCall call) =>
        OperatorCall.Value(call.Graph.Node("Softmax", [call.Plain(0)], ("axis", -1)), TensorKind.Float, call[0].Rank);

    private static GraphValue Reduce(OperatorCall call, string type)
    {
        var (value, rank) = (call[0], call.Rank(0));
        var axes = call.Integers(1).Select(axis => call.Axis(axis, rank)).ToArray();
        var keeps = call.Node.Flag("keep_dims", call.Node.Flag("keepdims"));
        if (value.Kind == TensorKind.Boolean)
        {
            throw call.Refuse("reduces truths, which is not supported");
        }

        if (axes.Length == 0)
        {
            return value;
        }

        // Whether the result has its dimensions in their order also when channels lie first.
        var first = value.IsChannelsFirst && (keeps || axes.Order().SequenceEqual([1, 2]) || axes.Length == rank);
        var along = first ? Array.ConvertAll(axes, ShapeOperators.FirstAxis) : Array.ConvertAll(axes, axis => (long)axis);
        var input = first ? value.ChannelsFirst! : call.Plain(0);
        var name = type == "ReduceSum" // Its axes are an input since the operator set 13.
            ? call.Graph.Node(type, [input, call.Graph.Vector(along)], ("keepdims", keeps ? 1 : 0))
            : call.Graph.Node(type, [input], ("axes", along), ("keepdims", keeps ? 1 : 0));
        return first && keeps ? OperatorCall.First(name, value.Kind)[0]
            : OperatorCall.Value(name, value.Kind, keeps ? rank : rank - axes.Distinct().Count())[0];
    }

    private static GraphValue[] Multiply(OperatorCall call)
    {
        if (call[0].Kind != TensorKind.Float || call[1].Kind != TensorKind.Float || call.Rank(0) < 2 || call.Rank(1) < 2)
        {
            throw call.Refuse("reads something that is no matrix");
        }

        var product = call.Graph.Node(
            "MatMul",
            [
                Turn(call, 0, call.Node.Flag("transpose_a", call.Node.Flag("adj_x"))),
                Turn(call, 1, call.Node.Flag("transpose_b", call.Node.Flag("adj_y"))),
            ]);
        return OperatorCall.Value(product, TensorKind.Float, Math.Max(call.Rank(0), call.Rank(1)));
    }

    private static string Turn(OperatorCall call, int input, bool turned)
    {
        var rank = call.Rank(input);
        long[] order = [.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2];
        return turned ? call.Graph.Node("Transpose", [call.Plain(input)], ("perm", order)) : call.Plain(input);
    }
}
