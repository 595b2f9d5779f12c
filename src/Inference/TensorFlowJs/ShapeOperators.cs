namespace Tollgate.Inference.TensorFlowJs;

/// <summary>Operators that move numbers without computing.</summary>
internal static class ShapeOperators
{
    private const int MostParts = 1000;

    public static IEnumerable<(string Name, Func<OperatorCall, GraphValue[]> Convert)> All =>
    [
        ("Identity", call => [call[0]]),
        ("StopGradient", call => [call[0]]),
        ("Cast", Cast),
        ("ConcatV2", Concatenate),
        ("ExpandDims", Expand),
        ("Gather", Gather),
        ("GatherV2", Gather),
        ("MirrorPad", Pad),
        ("Pack", Pack),
        ("Pad", Pad),
        ("PadV2", Pad),
        ("Reshape", Reshape),
        ("Shape", Measure),
        ("Slice", Slice),
        ("Split", call => Split(call, value: 1, axis: 0)),
        ("SplitV", call => Split(call, value: 0, axis: 2)),
        ("Squeeze", Squeeze),
        ("StridedSlice", StridedSlices.Convert),
        ("Tile", Tile),
        ("TopKV2", FindTop),
        ("ArgMax", FindHighest),
        ("Transpose", Transpose),
        ("Unpack", Unpack),
    ];

    /// <summary>The place of a dimension when channels come first.</summary>
    public static long FirstAxis(int axis) => axis switch { 3 => 1, 1 => 2, 2 => 3, _ => 0 };

    private static GraphValue[] Cast(OperatorCall call)
    {
        var kind = call.Node.Type("DstT") switch
        {
            "DT_FLOAT" => TensorKind.Float,
            "DT_INT32" or "DT_INT64" or "DT_INT8" or "DT_UINT8" => TensorKind.Integer,
            "DT_BOOL" => TensorKind.Boolean,
            var other => throw call.Refuse($"casts to '{other}', which is not supported"),
        };
        return [kind == call[0].Kind ? call[0] : Elementwise.Cast(call, call[0], kind)];
    }

    private static GraphValue[] Concatenate(OperatorCall call)
    {
        var values = call.Inputs.SkipLast(1).ToArray();
        if (values.Length == 0 || Array.Exists(values, value => value.Kind != values[0].Kind || value.Rank != values[0].Rank))
        {
            throw call.Refuse("joins values of several kinds or ranks");
        }

        var rank = call.Rank(0);
        var axis = call.Axis(call.Integer(call.Inputs.Count - 1), rank);
        if (OperatorCall.AreChannelsFirst(values))
        {
            return OperatorCall.First(
                call.Graph.Node("Concat", [.. values.Select(call.Graph.ChannelsFirst)], ("axis", (int)FirstAxis(axis))), values[0].Kind);
        }

        return
        [
            new GraphValue(values[0].Kind, rank)
            {
                Plain = call.Graph.Node("Concat", [.. values.Select(call.Graph.Plain)], ("axis", axis)),
                Length = rank == 1 && Array.TrueForAll(values, value => value.Length is not null)
                    ? values.Sum(value => value.Length) : null,
            },
        ];
    }

    private static GraphValue[] Expand(OperatorCall call)
    {
        var rank = call.Rank(0) + 1;
        var name = call.Graph.Node("Unsqueeze", [call.Plain(0), call.Graph.Vector(call.Axis(call.Integer(1), rank))]);
        return [new GraphValue(call[0].Kind, rank) { Plain = name, Length = rank == 1 ? 1 : null }];
    }

    private static GraphValue[] Gather(OperatorCall call)
    {
        var rank = call.Rank(0);
        var axis = call.Inputs.Count > 2 ? call.Axis(call.Integer(2), rank) : 0;
        if (call.Node.Integer("batch_dims", 0) != 0 || call[1].Kind != TensorKind.Integer)
        {
            throw call.Refuse("gathers by something else than one list of whole numbers");
        }

        return OperatorCall.Value(
            call.Graph.Node("Gather", [call.Plain(0), call.Plain(1)], ("axis", axis)), call[0].Kind, rank + call.Rank(1) - 1);
    }

    private static GraphValue[] Pad(OperatorCall call)
    {
        var rank = call.Rank(0);
        var pads = call.Integers(1);
        var mode = call.Node.Operator == "MirrorPad" ? call.Node.Text("mode") : null;
        if (pads.Length != 2 * rank || Array.Exists(pads, pad => pad is < 0 or > 1 << 20) || mode is not (null or "REFLECT")
            || call[0].Kind != TensorKind.Float)
        {
            throw call.Refuse("pads in a way that is not supported");
        }

        var first = call[0].IsChannelsFirst;
        var order = first ? [0, 3, 1, 2] : Enumerable.Range(0, rank).ToArray();
        var ends = call.Graph.Vector([.. order.Select(axis => pads[2 * axis]), .. order.Select(axis => pads[(2 * axis) + 1])]);
        var input = first ? call[0].ChannelsFirst! : call.Plain(0);
        var name = mode is not null ? call.Graph.Node("Pad", [input, ends], ("mode", "reflect"))
            : call.Graph.Node("Pad", [input, ends, call.Node.Operator == "PadV2" ? call.Plain(2) : call.Graph.Scalar(0)]);
        return [Elementwise.Like(call[0], TensorKind.Float, name)];
    }

    private static GraphValue[] Pack(OperatorCall call)
    {
        var values = call.Inputs;
        var rank = call.Rank(0) + 1;
        if (values.Any(value => value.Rank != rank - 1 || value.Kind != values[0].Kind))
        {
            throw call.Refuse("joins values of several kinds or ranks");
        }

        var axis = call.Axis(call.Node.Integer("axis", 0), rank);
        string[] parts = [.. values.Select(value => call.Graph.Node("Unsqueeze", [call.Graph.Plain(value), call.Graph.Vector(axis)]))];
        return
        [
            new GraphValue(values[0].Kind, rank)
            {
                Plain = call.Graph.Node("Concat", parts, ("axis", axis)),
                Length = rank == 1 ? parts.Length : null,
            },
        ];
    }

    private static GraphValue[] Reshape(OperatorCall call)
    {
        var shape = call[1];
        if (shape.Kind != TensorKind.Integer || shape.Rank != 1)
        {
            throw call.Refuse("has a shape that is no list of whole numbers");
        }

        var rank = shape.Constant?.Length ?? shape.Length;
        return
        [
            new GraphValue(call[0].Kind, rank)
            {
                // A size of 0 is 0 in TensorFlow; ONNX would take it from the input.
                Plain = call.Graph.Node("Reshape", [call.Plain(0), call.Plain(1)], ("allowzero", 1)),
                Length = rank == 1 && shape.Constant is { Integers: [>= 0 and <= int.MaxValue and var length] } ? (int)length : null,
            },
        ];
    }

    private static GraphValue[] Measure(OperatorCall call) =>
        [new GraphValue(TensorKind.Integer, 1) { Plain = call.Graph.Node("Shape", [call.Plain(0)]), Length = call[0].Rank }];

    private static GraphValue[] Slice(OperatorCall call)
    {
        var (begin, size) = (call.Integers(1), call.Integers(2));
        if (begin.Length != call.Rank(0) || size.Length != begin.Length || begin.Any(at => at < 0) || size.Any(count => count < -1))
        {
            throw call.Refuse("slices by lists of other lengths than its input has dimensions");
        }

        var ends = begin.Zip(size, (at, count) => count == -1 ? long.MaxValue : at + count).ToArray();
        return OperatorCall.Value(
            call.Graph.Node("Slice", [call.Plain(0), call.Graph.Vector(begin), call.Graph.Vector(ends)]), call[0].Kind, begin.Length);
    }

    private static GraphValue[] Split(OperatorCall call, int value, int axis)
    {
        var rank = call.Rank(value);
        var along = call.Axis(call.Integer(axis), rank);
        var sizes = axis == 2 ? call.Integers(1) : null;
        var parts = CheckParts(call, sizes?.Length ?? call.Node.Integer("num_split", 0));
        if (sizes?.Any(size => size < 0) == true)
        {
            throw call.Refuse("splits into a part of unknown size");
        }

        var first = call[value].IsChannelsFirst;
        var input = first ? call[value].ChannelsFirst! : call.Plain(value);
        string[] inputs = sizes is null ? [input] : [input, call.Graph.Vector(sizes)];
        return
        [
            .. call.Graph.Node("Split", parts, inputs, ("axis", first ? (int)FirstAxis(along) : along))
                .Select(name => (first ? OperatorCall.First(name, call[value].Kind) : OperatorCall.Value(name, call[value].Kind, rank))[0]),
        ];
    }

    private static GraphValue[] Unpack(OperatorCall call)
    {
        var rank = call.Rank(0);
        var axis = call.Axis(call.Node.Integer("axis", 0), rank);
        var parts = CheckParts(call, call.Node.Integer("num", 0));
        return
        [
            .. call.Graph.Node("Split", parts, [call.Plain(0)], ("axis", axis)).Select(name =>
                OperatorCall.Value(call.Graph.Node("Squeeze", [name, call.Graph.Vector(axis)]), call[0].Kind, rank - 1)[0]),
        ];
    }

    private static int CheckParts(OperatorCall call, long parts) =>
        parts is >= 1 and <= MostParts ? (int)parts : throw call.Refuse($"splits into {parts} parts; 1 to {MostParts} are supported");

    private static GraphValue[] Squeeze(OperatorCall call)
    {
        var rank = call.Rank(0);
        var named = call.Node.Integers("squeeze_dims");
        var axes = (named.Length > 0 ? named : call.Node.Integers("axis")).Select(axis => call.Axis(axis, rank)).Distinct().ToArray();
        if (axes.Length == 0)
        {
            throw call.Refuse("drops dimensions without naming them, which is not supported");
        }

        var first = call[0].IsChannelsFirst && axes.Contains(1) && axes.Contains(2);
        var along = first ? Array.ConvertAll(axes, FirstAxis) : Array.ConvertAll(axes, axis => (long)axis);
        return OperatorCall.Value(
            call.Graph.Node("Squeeze", [first ? call[0].ChannelsFirst! : call.Plain(0), call.Graph.Vector(along)]), call[0].Kind,
            rank - axes.Length);
    }

    private static GraphValue[] Tile(OperatorCall call)
    {
        var repeats = call.Integers(1);
        return repeats.Length == call.Rank(0) && Array.TrueForAll(repeats, repeat => repeat is >= 1 and <= 1 << 20)
            ? OperatorCall.Value(call.Graph.Node("Tile", [call.Plain(0), call.Graph.Vector(repeats)]), call[0].Kind, repeats.Length)
            : throw call.Refuse("repeats its input in a way that is not supported");
    }

    private static GraphValue[] FindTop(OperatorCall call)
    {
        var count = call.Integer(1);
        if (count < 1)
        {
            throw call.Refuse($"asks for the {count} highest numbers");
        }

        var names = call.Graph.Node("TopK", 2, [call.Plain(0), call.Graph.Vector(count)]);
        return
        [
            .. OperatorCall.Value(names[0], call[0].Kind, call.Rank(0)), .. OperatorCall.Value(names[1], TensorKind.Integer, call.Rank(0)),
        ];
    }

    private static GraphValue[] FindHighest(OperatorCall call)
    {
        var rank = call.Rank(0);
        return OperatorCall.Value(
            call.Graph.Node("ArgMax", [call.Plain(0)], ("axis", call.Axis(call.Integer(1), rank)), ("keepdims", 0)), TensorKind.Integer,
            rank - 1);
    }

    private static GraphValue[] Transpose(OperatorCall call)
    {
        var order = call.Integers(1);
        return order.Order().SequenceEqual(Enumerable.Range(0, call.Rank(0)).Select(axis => (long)axis))
            ? OperatorCall.Value(call.Graph.Node("Transpose", [call.Plain(0)], ("perm", order)), call[0].Kind, order.Length)
            : throw call.Refuse("orders its dimensions by something that is no order of them");
    }
}
