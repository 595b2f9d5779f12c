using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;

namespace Tollgate.Benchmarks.Training;

/// <summary>The two models of the side-by-side run with PyTorch, as exporters write them, with random weights.</summary>
internal sealed class SpeedModels
{
    private const int Width = 256;
    private const int Heads = 4;

    private readonly ModelGraph _graph = new();
    private readonly Random _random = new(1);

    private SpeedModels(int length) => _graph.Inputs.Add(new GraphInput("ids", TensorElementType.Int64, ["batch", (long)length]));

    /// <summary>4 layers, width 256, 4 heads, 1,024 feed-forward, 30,522 pieces, 64 tokens; 11 million parameters.</summary>
    public static ModelGraph BertMini()
    {
        var model = new SpeedModels(64);
        var graph = model._graph;
        var words = graph.Add("Gather", [model.Weight("words", Width, 30_522, Width), "ids"]);
        var x = model.Normalized("norm", graph.Add("Add", [words, model.Weight("places", Width, 64, Width)]));
        for (var layer = 0; layer < 4; layer++)
        {
            x = model.Layer($"layer{layer}", x);
        }

        var first = graph.Add("Gather", [x, graph.Whole(0)], ("axis", 1));
        var pooled = graph.Add("Tanh", [model.Gemm("pool", first, Width, Width)]);
        return model.Ended(model.Gemm("head", pooled, Width, 2));
    }

    /// <summary>Embedding(20,000, 128), LSTM(128), Dense(2), 100 tokens; 2.7 million parameters.</summary>
    public static ModelGraph Lstm()
    {
        const int Hidden = 128;
        var model = new SpeedModels(100);
        var graph = model._graph;
        var words = graph.Add("Gather", [model.Weight("words", Hidden, 20_000, Hidden), "ids"]);
        var turned = graph.Add("Transpose", [words], ("perm", new long[] { 1, 0, 2 }));
        var outputs = graph.Add(
            "LSTM", "", 3,
            [
                turned, model.Weight("inputs", Hidden, 1, 4 * Hidden, Hidden), model.Weight("states", Hidden, 1, 4 * Hidden, Hidden),
                model.Weight("biases", Hidden, 1, 8 * Hidden),
            ],
            ("hidden_size", Hidden));
        var all = graph.Add("Transpose", [graph.Add("Squeeze", [outputs[0], graph.Wholes(1)])], ("perm", new long[] { 1, 0, 2 }));
        return model.Ended(model.Gemm("head", graph.Add("Gather", [all, graph.Whole(-1)], ("axis", 1)), Hidden, 2));
    }

    private ModelGraph Ended(string logits)
    {
        _graph.Nodes.Add(new ModelNode("Identity", "", [logits], ["logits"]));
        _graph.Outputs.Add("logits");
        return _graph;
    }

    private string Layer(string name, string x)
    {
        var heads = _graph.Wholes(0, 0, Heads, Width / Heads);
        string Turned(string part, params long[] order) => _graph.Add(
            "Transpose", [_graph.Add("Reshape", [Dense($"{name}.{part}", x, Width, Width), heads])], ("perm", order));
        var scores = _graph.Add(
            "Div", [_graph.Add("MatMul", [Turned("query", 0, 2, 1, 3), Turned("key", 0, 2, 3, 1)]), _graph.Number(8)]);
        var mixed = _graph.Add("MatMul", [_graph.Add("Softmax", [scores], ("axis", -1)), Turned("value", 0, 2, 1, 3)]);
        var joined = _graph.Add(
            "Reshape", [_graph.Add("Transpose", [mixed], ("perm", new long[] { 0, 2, 1, 3 })), _graph.Wholes(0, 0, Width)]);
        x = Normalized($"{name}.norm1", _graph.Add("Add", [x, Dense($"{name}.out", joined, Width, Width)]));
        var wide = Dense($"{name}.wide", x, Width, 4 * Width);
        var sum = _graph.Add("Add", [_graph.Add("Erf", [_graph.Add("Div", [wide, _graph.Number(MathF.Sqrt(2))])]), _graph.Number(1)]);
        var active = _graph.Add("Mul", [_graph.Add("Mul", [wide, sum]), _graph.Number(0.5f)]);
        return Normalized($"{name}.norm2", _graph.Add("Add", [x, Dense($"{name}.narrow", active, 4 * Width, Width)]));
    }

    private string Dense(string name, string x, int inputs, int outputs) => _graph.Add(
        "Add", [_graph.Add("MatMul", [x, Weight($"{name}.weight", inputs, inputs, outputs)]), Weight($"{name}.bias", inputs, outputs)]);

    private string Gemm(string name, string x, int inputs, int outputs) => _graph.Add(
        "Gemm", [x, Weight($"{name}.weight", inputs, outputs, inputs), Weight($"{name}.bias", inputs, outputs)], ("transB", 1));

    private string Normalized(string name, string x)
    {
        _graph.Initializers[$"{name}.weight"] = OnnxTensor.Of([.. Enumerable.Repeat(1f, Width)], Width);
        _graph.Initializers[$"{name}.bias"] = OnnxTensor.Of(new float[Width], Width);
        return _graph.Add("LayerNormalization", [x, $"{name}.weight", $"{name}.bias"], ("axis", -1), ("epsilon", 1e-5f));
    }

    /// <summary>Even numbers around 0, within 1 / √inputs.</summary>
    private string Weight(string name, int inputs, params long[] shape)
    {
        var numbers = new float[shape.Aggregate(1L, (count, dimension) => count * dimension)];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (float)(((_random.NextDouble() * 2) - 1) / Math.Sqrt(inputs));
        }

        _graph.Initializers[name] = OnnxTensor.Of(numbers, shape);
        return name;
    }
}
