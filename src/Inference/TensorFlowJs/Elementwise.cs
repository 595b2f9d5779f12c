namespace Tollgate.Inference.TensorFlowJs;

/// <summary>Nodes that compute element by element, in the layout in which their inputs lie.</summary>
internal static class Elementwise
{
    /// <summary>An operator of one value. Further inputs are constants.</summary>
    public static GraphValue Unary(
        OperatorCall call, string type, GraphValue value, ReadOnlySpan<string> further = default,
        params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var first = value.IsChannelsFirst;
        var input = first ? value.ChannelsFirst! : call.Graph.Plain(value);
        return Like(value, value.Kind, call.Graph.Node(type, [input, .. further], attributes));
    }

    /// <summary>A value of the same shape and layout as another.</summary>
    public static GraphValue Like(GraphValue value, TensorKind kind, string name) => value.IsChannelsFirst
        ? new GraphValue(kind, 4) { ChannelsFirst = name } : new GraphValue(kind, value.Rank) { Plain = name, Length = value.Length };

    /// <summary>An operator of two values, the smaller one stretched.</summary>
    /// <param name="result">Kind of the result; null for that of the values.</param>
    public static GraphValue Binary(OperatorCall call, string type, GraphValue left, GraphValue right, TensorKind? result = null)
    {
        (left, right) = Match(call, left, right);
        if ((left.IsChannelsFirst || right.IsChannelsFirst) && Stretches(left) && Stretches(right))
        {
            var name = call.Graph.Node(type, [call.Graph.StretchedFirst(left), call.Graph.StretchedFirst(right)]);
            return new GraphValue(result ?? left.Kind, 4) { ChannelsFirst = name };
        }

        var rank = left.Rank is { } one && right.Rank is { } other ? Math.Max(one, other) : (int?)null;
        return new GraphValue(result ?? left.Kind, rank)
        {
            Plain = call.Graph.Node(type, [call.Graph.Plain(left), call.Graph.Plain(right)]),
            Length = rank != 1 ? null : left.Rank == 0 ? right.Length : right.Rank == 0 || right.Length == 1 ? left.Length
                : left.Length == 1 ? right.Length : left.Length == right.Length ? left.Length : null,
        };
    }

    /// <summary>The same numbers as floats.</summary>
    public static GraphValue ToFloat(OperatorCall call, GraphValue value) => value.Kind == TensorKind.Float ? value
        : value.Constant is { } constant
            ? new GraphValue(TensorKind.Float, value.Rank)
            {
                Constant = new GraphTensor(TensorKind.Float, constant.Shape, Array.ConvertAll(constant.Integers, n => (float)n), []),
                Length = value.Length,
            }
            : Cast(call, value, TensorKind.Float);

    /// <summary>The same numbers as another kind.</summary>
    public static GraphValue Cast(OperatorCall call, GraphValue value, TensorKind kind)
    {
        var type = kind switch { TensorKind.Float => 1, TensorKind.Integer => 7, _ => 9 }; // TensorProto.DataType
        var input = value.IsChannelsFirst ? value.ChannelsFirst! : call.Graph.Plain(value);
        return Like(value, kind, call.Graph.Node("Cast", [input], ("to", type)));
    }

    private static (GraphValue Left, GraphValue Right) Match(OperatorCall call, GraphValue left, GraphValue right) =>
        left.Kind == right.Kind ? (left, right)
        : left.Kind != TensorKind.Boolean && right.Kind != TensorKind.Boolean ? (ToFloat(call, left), ToFloat(call, right))
        : throw call.Refuse("reads truths and numbers together");

    private static bool Stretches(GraphValue value) => value.Rank is 0 or 4 || value is { Constant: not null, Rank: <= 4 };
}
