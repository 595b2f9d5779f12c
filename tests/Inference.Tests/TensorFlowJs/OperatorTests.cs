using System.Text.Json.Nodes;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.TensorFlowJs;
using Tollgate.Inference.Tests.Models;
using static Tollgate.Inference.Tests.TensorFlowJs.GraphFolder;

namespace Tollgate.Inference.Tests.TensorFlowJs;

/// <summary>Every operator on its own, against TF.js.</summary>
public sealed class OperatorTests
{
    private const int Side = 7;
    private static readonly (string, JsonNode)[] Plain =
    [
        Wholes("strides", 1, 1, 1, 1), Text("padding", "SAME"), Text("data_format", "NHWC"), Wholes("dilations", 1, 1, 1, 1),
    ];

    private readonly GraphFolder _graph = new();
    private readonly List<string> _cases = [];
    private readonly HashSet<string> _operators = new(StringComparer.Ordinal);
    private readonly HashSet<string> _axes = new(StringComparer.Ordinal);

    [Fact]
    public async Task Every_operator_gives_TensorFlow_js_numbers()
    {
        AddWindows();
        AddArithmetic();
        AddShapes();
        using var folder = new TemporaryFolder();
        var path = Path.Combine(_graph.Write(folder.File("operators")), "model.json");
        float[] input = [.. Enumerable.Range(0, Side * Side * 3).Select(i => (i * 37 % 101 / 50f) - 0.97f)];

        var expected = await TensorFlowOracle.RunAsync(path, "cpu", [1, Side, Side, 3], input, resize: null, [.. _cases]);

        using var model = GraphModel.Read(path);
        foreach (var name in _cases)
        {
            var got = await RunAsync(model, name, folder.File($"onnx-{name}"), input);
            Assert.True(expected[name].Length == got.Length, $"{name}: {got.Length} numbers instead of {expected[name].Length}");
            var apart = expected[name].Zip(got, (one, other) => Math.Abs(one - other)).Max();
            Assert.True(apart < 1e-4f, $"{name}: {apart} apart");
        }

        Assert.Equal(GraphConverter.Supported, _operators.Order(StringComparer.Ordinal));
    }

    private static async Task<float[]> RunAsync(GraphModel model, string output, string folder, float[] input)
    {
        Directory.CreateDirectory(folder);
        await GraphConverter.WriteAsync(
            model, new GraphOutput(output, Shape: null), beforeActivation: null, folder, new OnnxNames("model.onnx", "in", "out"),
            CancellationToken.None);
        using var session = new SessionFactory(ExecutionProvider.Cpu, threads: 1).Open(Path.Combine(folder, "model.onnx"));
        var first = new float[input.Length];
        for (var i = 0; i < input.Length; i++)
        {
            first[(i % 3 * Side * Side) + (i / 3)] = input[i];
        }

        using var value = OrtValue.CreateTensorValueFromMemory(first, [1, 3, Side, Side]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["in"], [value], ["out"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private void AddWindows()
    {
        _graph.Input("x", 1, Side, Side, 3);
        _graph.Random("filter", [3, 3, 3, 4]);
        _graph.Random("depth", [3, 3, 3, 2]);
        _graph.Random("bias4", [4]);
        _graph.Random("bias6", [6]);
        _graph.Random("slope", [4], 0, 1);
        Case("c", "Conv2D", ["x", "filter"], [Wholes("strides", 1, 2, 2, 1), Text("padding", "SAME"), Wholes("dilations", 1, 1, 1, 1)]);
        Case("c2", "Conv2D", ["x", "filter"], [Wholes("strides", 1, 1, 1, 1), Text("padding", "VALID"), Wholes("dilations", 1, 2, 2, 1)]);
        Case(
            "c3", "Conv2D", ["x", "filter"],
            [
                Wholes("strides", 1, 2, 2, 1), Text("padding", "EXPLICIT"), Wholes("explicit_paddings", 0, 0, 1, 0, 0, 1, 0, 0),
                Wholes("dilations", 1, 1, 1, 1),
            ]);
        Case(
            "d", "DepthwiseConv2dNative", ["x", "depth"],
            [Wholes("strides", 1, 2, 2, 1), Text("padding", "SAME"), Wholes("dilations", 1, 1, 1, 1)]);
        foreach (var activation in new[] { "Relu", "Relu6", "Elu", "Sigmoid" })
        {
            Case(
                "f" + activation, "_FusedConv2D", ["x", "filter", "bias4"],
                [.. Plain, Texts("fused_ops", "BiasAdd", activation), Whole("num_args", 1)]);
        }

        Case(
            "fl", "_FusedConv2D", ["x", "filter", "bias4"],
            [.. Plain, Texts("fused_ops", "BiasAdd", "LeakyRelu"), Real("leakyrelu_alpha", 0.3f), Whole("num_args", 1)]);
        Case(
            "fp", "_FusedConv2D", ["x", "filter", "bias4", "slope"],
            [.. Plain, Texts("fused_ops", "BiasAdd", "Prelu"), Whole("num_args", 2)]);
        Case(
            "fd", "FusedDepthwiseConv2dNative", ["x", "depth", "bias6"],
            [.. Plain, Texts("fused_ops", "BiasAdd", "Relu6"), Whole("num_args", 1)]);
        foreach (var padding in new[] { "SAME", "VALID" })
        {
            Case("m" + padding, "MaxPool", ["c2"], [Wholes("ksize", 1, 2, 2, 1), Wholes("strides", 1, 2, 2, 1), Text("padding", padding)]);
            Case("a" + padding, "AvgPool", ["x"], [Wholes("ksize", 1, 3, 3, 1), Wholes("strides", 1, 2, 2, 1), Text("padding", padding)]);
        }

        _graph.Random("spread", [4], 0.5f, 2);
        foreach (var version in new[] { "", "V2", "V3" })
        {
            Case("n" + version, "FusedBatchNorm" + version, ["c", "bias4", "slope", "bias4", "spread"], [Real("epsilon", 0.01f)]);
        }

        _graph.Integers("size", 12, 10);
        _graph.Integers("small", 4, 3);
        foreach (var (name, operation) in new[] { ("rb", "ResizeBilinear"), ("rn", "ResizeNearestNeighbor") })
        {
            Case(name, operation, ["x", "size"]);
            Case(name + "s", operation, ["x", "small"]);
            Case(name + "c", operation, ["x", "size"], [Flag("align_corners")]);
            Case(name + "h", operation, ["x", "size"], [Flag("half_pixel_centers")]);
        }
    }

    private void AddArithmetic()
    {
        _graph.Random("high", [3], 0.5f, 2);
        _graph.Random("map", [Side, Side, 3], 0.5f, 2);
        _graph.Floats("one", [], 1.5f);
        _graph.Floats("low", [], -0.5f);
        Case("sq", "Square", ["x"]);
        Case("positive", "AddV2", ["sq", "one"]);
        foreach (var name in (string[])[
            "Abs", "Ceil", "Elu", "Exp", "Floor", "Neg", "Relu", "Relu6", "Round", "Selu", "Sigmoid", "Softplus", "Tanh"])
        {
            Case("u" + name, name, ["x"]);
        }

        foreach (var name in new[] { "Log", "Reciprocal", "Rsqrt", "Sqrt" })
        {
            Case("u" + name, name, ["positive"]);
        }

        foreach (var name in (string[])[
            "Add", "Div", "FloorDiv", "FloorMod", "Maximum", "Minimum", "Mod", "Mul", "RealDiv", "SquaredDifference", "Sub"])
        {
            Case("b" + name, name, ["x", "high"]);
            Case("m" + name, name, ["x", "map"]);
        }

        Case("pow", "Pow", ["positive", "high"]);
        Case("bias", "BiasAdd", ["x", "high"]);
        Case("prelu", "Prelu", ["x", "high"]);
        Case("leaky", "LeakyRelu", ["x"], [Real("alpha", 0.1f)]);
        Case("clip", "ClipByValue", ["x", "low", "one"]);
        Case("softmax", "Softmax", ["x"]);
        foreach (var name in new[] { "Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual" })
        {
            Truth("t" + name, name, ["x", "low"]);
        }

        Truth("and", "LogicalAnd", ["tGreater", "tLess"]);
        Truth("or", "LogicalOr", ["tGreater", "tEqual"]);
        Case("select", "Select", ["tGreater", "x", "sq"]);
        Case("select2", "SelectV2", ["tGreater", "x", "one"]);
        _graph.Integers("space", 1, 2);
        _graph.Integers("last", -1);
        foreach (var name in new[] { "Max", "Mean", "Min", "Prod", "Sum" })
        {
            Case("r" + name, name, ["x", "space"]);
            Case("k" + name, name, ["x", "space"], [Flag("keep_dims")]);
            Case("l" + name, name, ["x", "last"]);
        }

        _graph.Random("matrix", [3, 5]);
        _graph.Random("turned", [5, 3]);
        _graph.Random("row", [5]);
        Case("mm", "MatMul", ["rMean", "matrix"]);
        Case("mt", "MatMul", ["rMean", "turned"], [Flag("transpose_b")]);
        Case("fm", "_FusedMatMul", ["rMean", "matrix", "row"], [Texts("fused_ops", "BiasAdd", "Relu"), Whole("num_args", 1)]);
        _graph.Integers("rows", 1, 49, 3);
        Case("list", "Reshape", ["x", "rows"]);
        _graph.Random("batch", [1, 3, 2]);
        Case("bm", "BatchMatMul", ["list", "batch"]);
        Case("bm2", "BatchMatMulV2", ["list", "list"], [Flag("adj_x")]);
    }

    private void AddShapes()
    {
        Case("id", "Identity", ["x"]);
        Case("stop", "StopGradient", ["x"]);
        Case("concat", "ConcatV2", ["x", "sq", Axis(3)]);
        Case("concat1", "ConcatV2", ["x", "sq", Axis(1)]);
        Case("expand", "ExpandDims", ["rMean", Axis(1)]);
        Case("pack", "Pack", ["rMean", "rMax"], [Whole("axis", 1)]);
        _graph.Integers("pads", [4, 2], [0, 0, 1, 2, 3, 0, 0, 0]);
        Case("pad", "Pad", ["x", "pads"]);
        Case("pad2", "PadV2", ["x", "pads", "one"]);
        Case("mirror", "MirrorPad", ["x", "pads"], [Text("mode", "REFLECT")]);
        _graph.Integers("from", 0, 1, 2, 0);
        _graph.Integers("count", 1, 3, -1, 2);
        Case("slice", "Slice", ["x", "from", "count"]);
        Several("split", "Split", 3, [Axis(3), "x"], Whole("num_split", 3));
        Several("splitv", "SplitV", 2, ["x", _graph.Integers("sizes", 3, 4), Axis(1)]);
        Several("unpack", "Unpack", 3, ["list"], Whole("num", 3), Whole("axis", 2));
        Case("squeeze", "Squeeze", ["kMean"], [Wholes("squeeze_dims", 1, 2)]);
        _graph.Integers("begin", 0, 5, -2, 1);
        _graph.Integers("end", 1, 0, 7, 2);
        _graph.Integers("steps", 1, -2, 1, 1);
        Case("strided", "StridedSlice", ["x", "begin", "end", "steps"], [Whole("begin_mask", 1)]);
        _graph.Integers("forward", 1, 1, 1, 1);
        _graph.Integers("start", 0, 2, -2, 1);
        Case("dropped", "StridedSlice", ["x", "start", "end", "forward"], [Whole("end_mask", 6), Whole("shrink_axis_mask", 8)]);
        Case("droppedLast", "StridedSlice", ["x", "start", "end", "forward"], [Whole("end_mask", 2), Whole("shrink_axis_mask", 12)]);
        Case("stridedEnd", "StridedSlice", ["x", "begin", "end", "steps"], [Whole("end_mask", 7)]);
        _graph.Integers("begin2", 0, 1);
        _graph.Integers("end2", 0, 3);
        _graph.Integers("steps2", 1, 1);
        Case("ellipsis", "StridedSlice", ["x", "begin2", "end2", "steps2"], [Whole("ellipsis_mask", 1)]);
        Case("tile", "Tile", ["rMean", _graph.Integers("times", 2, 3)]);
        Case("turn", "Transpose", ["x", _graph.Integers("order", 0, 3, 2, 1)]);
        Several("top", "TopKV2", 1, ["list", _graph.Integer("k", 2)]);
        Integral("topPlaces", "Identity", ["top:1"]);
        Integral("arg", "ArgMax", ["x", Axis(3)]);
        _graph.Integers("picked", 2, 0, 2);
        Case("gather", "GatherV2", ["x", "picked", Axis(3)]);
        Case("gather1", "Gather", ["list", _graph.Integer("first", 0)]);
        Integral("shape", "Shape", ["x"]);
        _graph.Integers("minus", -5, 7, -9, 4);
        Integral("shifted", "Add", ["shape", "minus"]);
        Integral("floor", "FloorDiv", ["shifted", _graph.Integer("three", 3)]);
        Integral("rest", "FloorMod", ["shifted", "three"]);

        // A shape that is made of parts at run time, as exporters write it for a free batch.
        _graph.Node(
            "batchSize", "StridedSlice", ["shape", _graph.Integers("s0", 0), _graph.Integers("s1", 1), "s1"],
            Whole("shrink_axis_mask", 1));
        _graph.Node("made", "Pack", ["batchSize", _graph.Integer("rest0", -1)], Whole("axis", 0));
        Case("flat", "Reshape", ["x", "made"]);
    }

    private string Axis(int axis)
    {
        var name = $"axis{axis}";
        return _axes.Add(name) ? _graph.Integer(name, axis) : name;
    }

    private void Case(string name, string operation, string[] inputs, params (string, JsonNode)[] attributes)
    {
        _operators.Add(operation);
        _cases.Add(_graph.Node(name, operation, inputs, attributes));
    }

    /// <summary>A node with several outputs, each a case.</summary>
    private void Several(string name, string operation, int outputs, string[] inputs, params (string, JsonNode)[] attributes)
    {
        _operators.Add(operation);
        _graph.Node(name, operation, inputs, attributes);
        for (var output = 0; output < outputs; output++)
        {
            Case($"{name}_{output}", "Identity", [$"{name}:{output}"]);
        }
    }

    private void Truth(string name, string operation, string[] inputs) => Integral(name, operation, inputs);

    /// <summary>A node whose result is no float: the case is its cast.</summary>
    private void Integral(string name, string operation, string[] inputs)
    {
        _operators.Add(operation);
        _graph.Node(name, operation, inputs);
        Case(name + "F", "Cast", [name], Type("DstT", "DT_FLOAT"));
    }
}
