using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Training.Steps;

namespace Tollgate.Training.Tests.Steps;

/// <summary>Small forward graphs with random weights, and batches for them.</summary>
internal static class SmallModels
{
    public const int Words = 50;
    public const int Width = 8;
    public const int Labels = 3;

    /// <summary>Names of the classifier's last layer.</summary>
    public static readonly string[] Head = ["head.weight", "head.bias"];

    /// <summary>Embedding, layer normalization, dense layer with GELU, mean over the tokens, linear classifier.</summary>
    public static ModelGraph Classifier()
    {
        var (graph, random) = (Start(), new Random(7));
        var words = graph.Add("Gather", [Weight(graph, random, "words", Words, Width), "ids"]);
        var normal = graph.Add(
            "LayerNormalization", [words, Weight(graph, random, "norm.weight", Width), Weight(graph, random, "norm.bias", Width)],
            ("axis", -1), ("epsilon", 1e-5f));
        var product = graph.Add("MatMul", [normal, Weight(graph, random, "dense.weight", Width, 2 * Width)]);
        var wide = graph.Add("Add", [Weight(graph, random, "dense.bias", 2 * Width), product]);
        var sum = graph.Add("Add", [graph.Add("Erf", [graph.Add("Div", [wide, graph.Number(MathF.Sqrt(2))])]), graph.Number(1)]);
        var active = graph.Add("Mul", [graph.Add("Mul", [wide, sum]), graph.Number(0.5f)]);
        graph.Nodes.Add(new ModelNode("ReduceMean", "", [active], ["mean"])
        {
            Attributes = new(StringComparer.Ordinal) { ["axes"] = new[] { 1L }, ["keepdims"] = 0L },
        });
        graph.Nodes.Add(new ModelNode(
            "Gemm", "",
            ["mean", Weight(graph, random, Head[0], 2 * Width, Labels), Weight(graph, random, Head[1], Labels)], ["logits"]));
        return graph;
    }

    /// <summary>Embedding, LSTM, linear classifier of the last output.</summary>
    public static ModelGraph Recurrent()
    {
        var (graph, random) = (Start(), new Random(8));
        var words = graph.Add("Gather", [Weight(graph, random, "words", Words, Width), "ids"]);
        var turned = graph.Add("Transpose", [words], ("perm", new long[] { 1, 0, 2 }));
        var outputs = graph.Add(
            "LSTM", "", 3,
            [
                turned, Weight(graph, random, "inputs", 1, 4 * Width, Width), Weight(graph, random, "states", 1, 4 * Width, Width),
                Weight(graph, random, "biases", 1, 8 * Width),
            ],
            ("hidden_size", Width));
        var last = graph.Add("Squeeze", [outputs[1], graph.Wholes(0)]);
        graph.Nodes.Add(new ModelNode(
            "Gemm", "", [last, Weight(graph, random, Head[0], Width, Labels), Weight(graph, random, Head[1], Labels)], ["logits"]));
        return graph;
    }

    /// <summary>A batch whose words and labels depend on the seed.</summary>
    public static TrainingBatch Batch(int seed, int rows = 6, int length = 5)
    {
        var random = new Random(seed);
        long[] ids = [.. Enumerable.Range(0, rows * length).Select(_ => random.NextInt64(Words))];
        long[] labels = [.. Enumerable.Range(0, rows).Select(_ => random.NextInt64(Labels))];
        return Of(ids, labels, length);
    }

    public static TrainingBatch Of(long[] ids, long[] labels, int length) => TrainingBatch.Even(
        new Dictionary<string, OnnxTensor> { ["ids"] = OnnxTensor.Of(ids, labels.Length, length) },
        OnnxTensor.Of(labels, labels.Length));

    private static ModelGraph Start()
    {
        var graph = new ModelGraph();
        graph.Inputs.Add(new GraphInput("ids", TensorElementType.Int64, ["batch", "sequence"]));
        graph.Outputs.Add("logits");
        return graph;
    }

    private static string Weight(ModelGraph graph, Random random, string name, params long[] shape)
    {
        var numbers = new float[shape.Aggregate(1L, (count, dimension) => count * dimension)];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (float)((random.NextDouble() - 0.5) * 0.8);
        }

        graph.Initializers[name] = OnnxTensor.Of(numbers, shape);
        return name;
    }
}
