using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Rewriting;
using Tollgate.Testing;
using Tollgate.Training.Methods;
using Tollgate.Training.Steps;
using Tollgate.Training.Tests.Steps;
using Tollgate.Training.Updates;

namespace Tollgate.Training.Tests.Rewriting;

public sealed class TrainableFormTests
{
    private const string Encoder = "models/all-minilm-l6-v2/model.onnx";

    [Theory]
    [InlineData(4, true)]
    [InlineData(4, false)]
    [InlineData(8, true)]
    [InlineData(8, false)]
    public void WithWeights_reads_weights_in_blocks(int bits, bool hasZeroPoints)
    {
        const int K = 50;
        const int N = 3;
        const int Block = 32;
        var random = new Random(bits);
        byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(256))];
        var graph = Start(K);
        graph.Initializers["weights"] = new OnnxTensor(
            TensorElementType.UInt8, [N, 2, Block * bits / 8], Bytes(N * 2 * Block * bits / 8));
        graph.Initializers["scales"] = OnnxTensor.Of(Reals(random, N * 2), N * 2);
        graph.Initializers["zeros"] = new OnnxTensor(TensorElementType.UInt8, [N * bits / 4], Bytes(N * bits / 4));
        graph.Nodes.Add(new ModelNode(
            "MatMulNBits", OnnxGraphBuilder.MicrosoftDomain,
            ["x", "weights", "scales", .. hasZeroPoints ? ["zeros"] : Array.Empty<string>()], ["y"])
        {
            Attributes = new(StringComparer.Ordinal)
            {
                ["K"] = (long)K, ["N"] = (long)N, ["bits"] = (long)bits, ["block_size"] = (long)Block,
            },
        });

        AssertSame(graph, K, 1e-4);
    }

    [Theory]
    [InlineData(TensorElementType.Int8, true)]
    [InlineData(TensorElementType.UInt8, true)]
    [InlineData(TensorElementType.UInt8, false)]
    public void WithWeights_reads_dynamic_quantization(TensorElementType type, bool hasColumnScales)
    {
        const int K = 40;
        const int N = 5;
        var random = new Random(9);
        var graph = Start(K);
        var columns = hasColumnScales ? N : 1;
        byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(256))];
        graph.Initializers["weights"] = new OnnxTensor(type, [K, N], Bytes(K * N));
        graph.Initializers["zeros"] = new OnnxTensor(type, hasColumnScales ? [N] : [], Bytes(columns));
        graph.Initializers["scale"] = OnnxTensor.Of(
            [.. Reals(random, columns).Select(value => Math.Abs(value) / 100)], hasColumnScales ? [N] : []);
        var quantized = graph.Add("DynamicQuantizeLinear", "", 3, ["x"]);
        var product = graph.Add("MatMulInteger", [quantized[0], "weights", quantized[2], "zeros"]);
        var scale = graph.Add("Mul", [quantized[1], "scale"]);
        graph.Nodes.Add(new ModelNode("Mul", "", [graph.Add("Cast", [product], ("to", 1)), scale], ["y"]));

        AssertSame(graph, K, 0.02); // The other operand is no longer rounded to 8 bits.
    }

    [Fact]
    public void WithWeights_reads_converted_integers_and_separates_equal_constants()
    {
        var graph = Start(2);
        graph.Initializers["q"] = new OnnxTensor(TensorElementType.Int8, [2, 2], new byte[] { 1, 2, 255, 4 });
        graph.Initializers["scale"] = OnnxTensor.Of([0.5f, 2f], 1, 2);
        graph.Initializers["bias"] = OnnxTensor.Of([0f, 0f], 2);
        graph.Nodes.Add(new ModelNode("Identity", "", ["bias"], ["other.bias"]));
        graph.Nodes.Add(new ModelNode("Mul", "", [graph.Add("Cast", ["q"], ("to", 1)), "scale"], ["weight"]));
        var first = graph.Add("Add", [graph.Add("MatMul", ["x", "weight"]), "bias"]);
        graph.Nodes.Add(new ModelNode("Add", "", [first, "other.bias"], ["y"]));

        var made = TrainableForm.WithWeights(graph);

        Assert.Equal(["bias", "other.bias", "weight"], made.Parameters.Order());
        Assert.Equal([0.5f, 4, -0.5f, 8], made.Initializers["weight"].Floats.ToArray());
        Assert.DoesNotContain(made.Nodes, node => node.Operator is "Identity" or "Cast" or "Mul");
    }

    [Fact]
    public void WithOperators_finds_the_GELU_and_keeps_the_results()
    {
        var graph = SmallModels.Classifier();

        var made = TrainableForm.WithOperators(graph);

        Assert.Single(made.Nodes, node => node.Operator == "Gelu");
        Assert.DoesNotContain(made.Nodes, node => node.Operator == "Erf");
        AssertClose(Logits(graph), Logits(made), 1e-5);
    }

    [Fact]
    public void WithOperators_keeps_the_results_of_an_LSTM() =>
        AssertClose(Logits(SmallModels.Recurrent()), Logits(TrainableForm.WithOperators(SmallModels.Recurrent())), 1e-5);

    [SharedFact(Encoder)]
    public void A_quantized_encoder_is_trained_with_a_classifier()
    {
        var encoder = TrainableForm.WithWeights(GraphReader.Read(SharedFiles.At(Encoder)));
        var pooled = TokenPooling.Mean(encoder, encoder.Outputs[0], "attention_mask");
        LinearHead.Random(384, 2, new SeededRandom(1)).Append(encoder, pooled);
        var attention = encoder.Nodes.Where(node => node.Operator == "Softmax").Select(node => node.Outputs[0]);
        var plan = new TrainingPlan
        {
            Logits = LinearHead.Logits,
            Loss = LossKind.Softmax,
            Dropout = [.. EncoderDropout.Hidden(encoder).Concat(attention).Select(place => new DropoutPlace(place, 0.1f))],
        };
        long[] ids = [.. Enumerable.Range(0, 4 * 6).Select(i => 1000L + (i * 37))];
        var batch = new TrainingBatch(
            new Dictionary<string, OnnxTensor>
            {
                ["input_ids"] = OnnxTensor.Of(ids, 4, 6),
                ["attention_mask"] = OnnxTensor.Of([.. ids.Select((_, i) => i % 6 < 3 + (i / 6) ? 1L : 0L)], 4, 6),
                ["token_type_ids"] = OnnxTensor.Of(new long[ids.Length], 4, 6),
            },
            OnnxTensor.Of([0L, 1, 1, 0], 4), [1, 1, 1, 1]);
        using var trainer = new Trainer(encoder, plan);

        var first = trainer.Run([batch], 5e-4).Loss;
        for (var i = 0; i < 8; i++)
        {
            trainer.Run([batch], 5e-4);
        }

        Assert.Equal(19, plan.Dropout.Count); // 1 + 2 · 6 hidden places, and 6 of attention.
        Assert.InRange(trainer.Parameters.Sum(parameter => parameter.Count), 22_500_000, 22_900_000); // MiniLM has 22.7 million.
        Assert.InRange(trainer.Run([batch], 0).Loss, 0, first / 2);
    }

    [SharedFact(Encoder)]
    public void WithWeights_keeps_the_results_of_a_quantized_encoder()
    {
        var graph = GraphReader.Read(SharedFiles.At(Encoder));
        var ids = OnnxTensor.Of([101L, 2023, 2003, 1037, 3231, 102], 1, 6);
        float[] Run(byte[] model)
        {
            using var session = new InferenceSession(model);
            using var options = new RunOptions();
            using var results = session.Run(
                options,
                new Dictionary<string, OrtValue>
                {
                    ["input_ids"] = Sessions.Value(ids),
                    ["attention_mask"] = Sessions.Value(OnnxTensor.Of([1L, 1, 1, 1, 1, 1], 1, 6)),
                    ["token_type_ids"] = Sessions.Value(OnnxTensor.Of(new long[6], 1, 6)),
                },
                graph.Outputs);
            return results[0].GetTensorDataAsSpan<float>().ToArray();
        }

        AssertClose(Run(File.ReadAllBytes(SharedFiles.At(Encoder))), Run(TrainableForm.WithWeights(graph).ToModel()), 1e-5);
    }

    private static ModelGraph Start(int width)
    {
        var graph = new ModelGraph();
        graph.Inputs.Add(new GraphInput("x", TensorElementType.Float, ["batch", (long)width]));
        graph.Outputs.Add("y");
        return graph;
    }

    private static float[] Reals(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];

    /// <param name="tolerance">Of the largest result.</param>
    private static void AssertSame(ModelGraph graph, int width, double tolerance)
    {
        var x = OnnxTensor.Of(Reals(new Random(1), 4 * width), 4, width);
        var made = TrainableForm.WithWeights(graph);
        var (expected, actual) = (Run(graph, "x", x), Run(made, "x", x));

        Assert.Equal(["MatMul"], made.Nodes.Select(node => node.Operator).Where(name => name != "Identity"));
        Assert.Single(made.Parameters);
        AssertClose(expected, actual, tolerance * expected.Max(Math.Abs));
    }

    private static float[] Logits(ModelGraph graph) => Run(graph, "ids", SmallModels.Batch(1).Inputs["ids"]);

    private static float[] Run(ModelGraph graph, string name, OnnxTensor input)
    {
        using var session = new InferenceSession(graph.ToModel());
        using var options = new RunOptions();
        using var results = session.Run(
            options, new Dictionary<string, OrtValue> { [name] = Sessions.Value(input) }, graph.Outputs);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static void AssertClose(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
