namespace Tollgate.Inference.TensorFlowJs;

/// <summary>Operators that read pictures by windows. All of them compute with channels first.</summary>
internal static class ConvolutionOperators
{
    private const float DefaultEpsilon = 1e-3f;

    public static IEnumerable<(string Name, Func<OperatorCall, GraphValue[]> Convert)> All =>
    [
        ("Conv2D", call => Convolve(call, depthwise: false)),
        ("_FusedConv2D", call => Fusion.Apply(call, Convolve(call, depthwise: false))),
        ("DepthwiseConv2dNative", call => Convolve(call, depthwise: true)),
        ("FusedDepthwiseConv2dNative", call => Fusion.Apply(call, Convolve(call, depthwise: true))),
        ("MaxPool", call => Pool(call, "MaxPool")),
        ("AvgPool", call => Pool(call, "AveragePool")),
        ("FusedBatchNorm", Normalize),
        ("FusedBatchNormV2", Normalize),
        ("FusedBatchNormV3", Normalize),
        ("ResizeBilinear", call => Resize(call, "linear")),
        ("ResizeNearestNeighbor", call => Resize(call, "nearest")),
    ];

    private static GraphValue[] Convolve(OperatorCall call, bool depthwise)
    {
        // [height, width, input, output] or, of a depthwise one, [height, width, channels, multiplier].
        if (call.Constant(1) is not { Kind: TensorKind.Float, Shape: [> 0, > 0, > 0, > 0] shape } filter)
        {
            throw call.Refuse("has no filter of four dimensions");
        }

        var weights = depthwise
            ? filter.Permute(2, 3, 0, 1).Reshape(shape[2] * shape[3], 1, shape[0], shape[1]) : filter.Permute(3, 2, 0, 1);
        var dilations = call.Node.Integers("dilations").Length == 0 ? [1, 1] : call.Window("dilations");
        return OperatorCall.First(call.Graph.Node(
            "Conv", [Picture(call), call.Graph.Constant(weights)],
            [
                ("strides", call.Window("strides")), ("dilations", dilations), ("group", depthwise ? shape[2] : 1),
                ("kernel_shape", new long[] { shape[0], shape[1] }), Padding(call),
            ]));
    }

    private static GraphValue[] Pool(OperatorCall call, string type) => OperatorCall.First(call.Graph.Node(
        type, [Picture(call)], ("kernel_shape", call.Window("ksize")), ("strides", call.Window("strides")), Padding(call)));

    private static GraphValue[] Normalize(OperatorCall call) => OperatorCall.First(call.Graph.Node(
        "BatchNormalization", [Picture(call), call.Plain(1), call.Plain(2), call.Plain(3), call.Plain(4)],
        ("epsilon", call.Node.Real("epsilon", DefaultEpsilon))));

    private static GraphValue[] Resize(OperatorCall call, string mode)
    {
        var picture = Picture(call);
        var graph = call.Graph;
        var batchAndChannels = graph.Node("Slice", [graph.Node("Shape", [picture]), graph.Vector(0), graph.Vector(2)]);
        var sizes = graph.Node("Concat", [batchAndChannels, call.Plain(1)], ("axis", 0));
        var corners = call.Node.Flag("align_corners");
        var halves = call.Node.Flag("half_pixel_centers");
        return OperatorCall.First(graph.Node(
            "Resize", [picture, "", "", sizes], ("mode", mode),
            ("coordinate_transformation_mode", corners ? "align_corners" : halves ? "half_pixel" : "asymmetric"),
            ("nearest_mode", corners || halves ? "round_prefer_ceil" : "floor")));
    }

    private static string Picture(OperatorCall call) => call.Rank(0) == 4 && call[0].Kind == TensorKind.Float
        ? call.Graph.ChannelsFirst(call[0]) : throw call.Refuse("reads something that is no batch of pictures");

    private static (string, object) Padding(OperatorCall call) => call.Node.Text("padding") switch
    {
        "SAME" => ("auto_pad", "SAME_UPPER"),
        "VALID" => ("auto_pad", "VALID"),
        "EXPLICIT" when call.Node.Integers("explicit_paddings") is [0, 0, >= 0 and var top, >= 0 and var bottom, >= 0 and var left,
            >= 0 and var right, 0, 0] => ("pads", new[] { top, left, bottom, right }),
        var other => throw call.Refuse($"has the padding '{other}', which is not supported"),
    };
}
