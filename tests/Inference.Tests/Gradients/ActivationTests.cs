using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Gradients;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tests.Gradients;

/// <summary>Operators that ONNX Runtime has for float32 only: their gradients are compared with known formulas.</summary>
public sealed class ActivationTests
{
    private const int Rows = 5;
    private const int Columns = 7;

    [Fact]
    public void Erf_has_the_slope_of_its_definition() => AssertSlope(
        graph => graph.Add("Erf", ["x"]), x => 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x));

    [Fact]
    public void Gelu_has_the_slope_of_its_definition() => AssertSlope(
        graph => graph.AddMicrosoft("Gelu", ["x"]),
        x => Normal(x) + (x * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI)));

    [Fact]
    public void Softplus_has_the_slope_of_its_definition() => AssertSlope(
        graph => graph.Add("Softplus", ["x"]), x => 1 / (1 + Math.Exp(-x)));

    [Fact]
    public void Step_functions_have_the_slope_0() => AssertSlope(
        graph => graph.Add("Sum", [graph.Add("Ceil", ["x"]), graph.Add("Round", ["x"]), graph.Add("Sign", ["x"]), "x"]), _ => 1);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void FusedMatMul_has_the_gradients_of_the_product_of_turned_operands(bool transA, bool transB)
    {
        var random = new Random(3);
        long[] left = transA ? [2, 4, 3] : [2, 3, 4];
        long[] right = transB ? [2, 5, 4] : [2, 4, 5];
        var (a, b, seed) = (Numbers(random, 24), Numbers(random, 40), Numbers(random, 30));
        float[][] Gradients(Func<ModelGraph, string> product)
        {
            var graph = new ModelGraph();
            graph.Inputs.Add(new GraphInput("a", TensorElementType.Float, [.. left.Cast<object>()]));
            graph.Inputs.Add(new GraphInput("b", TensorElementType.Float, [.. right.Cast<object>()]));
            var y = product(graph);
            var shapes = ShapeProbe.Run(graph);
            graph.Inputs.Add(new GraphInput("seed", TensorElementType.Float, [2L, 3L, 5L]));
            var gradients = Differentiation.Append(graph, shapes, y, ["a", "b"], "seed");
            graph.Outputs.AddRange([gradients["a"], gradients["b"]]);
            return Run(graph, ("a", OnnxTensor.Of(a, left)), ("b", OnnxTensor.Of(b, right)), ("seed", OnnxTensor.Of(seed, 2, 3, 5)));
        }

        string Turned(ModelGraph graph, string name, bool isTurned) =>
            isTurned ? graph.Add("Transpose", [name], ("perm", new long[] { 0, 2, 1 })) : name;
        var fused = Gradients(graph => graph.AddMicrosoft(
            "FusedMatMul", ["a", "b"], ("transA", transA ? 1 : 0), ("transB", transB ? 1 : 0), ("alpha", 1.5f)));
        var plain = Gradients(graph => graph.Add(
            "Mul", [graph.Add("MatMul", [Turned(graph, "a", transA), Turned(graph, "b", transB)]), graph.Number(1.5f)]));

        Assert.All(fused[0].Zip(plain[0]), pair => Assert.Equal(pair.Second, pair.First, 1e-5));
        Assert.All(fused[1].Zip(plain[1]), pair => Assert.Equal(pair.Second, pair.First, 1e-5));
    }

    private static void AssertSlope(Func<ModelGraph, string> function, Func<double, double> slope)
    {
        var random = new Random(5);
        var (x, seed) = (Numbers(random, Rows * Columns), Numbers(random, Rows * Columns));
        var graph = new ModelGraph();
        graph.Inputs.Add(new GraphInput("x", TensorElementType.Float, ["rows", (long)Columns]));
        var y = function(graph);
        var shapes = ShapeProbe.Run(graph);
        graph.Inputs.Add(new GraphInput("seed", TensorElementType.Float, ["rows", (long)Columns]));
        graph.Outputs.Add(Differentiation.Append(graph, shapes, y, ["x"], "seed")["x"]);

        var gradient = Run(graph, ("x", OnnxTensor.Of(x, Rows, Columns)), ("seed", OnnxTensor.Of(seed, Rows, Columns)))[0];

        for (var i = 0; i < x.Length; i++)
        {
            Assert.Equal(slope(x[i]) * seed[i], gradient[i], 3e-6);
        }
    }

    private static float[][] Run(ModelGraph graph, params (string Name, OnnxTensor Tensor)[] inputs)
    {
        using var session = new InferenceSession(graph.ToModel());
        using var options = new RunOptions();
        using var results = session.Run(
            options,
            inputs.ToDictionary(
                input => input.Name,
                input => OrtValue.CreateTensorValueFromMemory(input.Tensor.Floats.ToArray(), input.Tensor.Shape)),
            graph.Outputs);
        return [.. results.Select(result => result.GetTensorDataAsSpan<float>().ToArray())];
    }

    private static float[] Numbers(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 6) - 3))];

    /// <summary>The normal distribution's integral, by Simpson's rule.</summary>
    private static double Normal(double x)
    {
        const int Parts = 1000;
        double Density(double at) => Math.Exp(-at * at / 2) / Math.Sqrt(2 * Math.PI);
        var width = x / Parts;
        var sum = Density(0) + Density(x);
        for (var i = 1; i < Parts; i++)
        {
            sum += Density(i * width) * (i % 2 == 0 ? 2 : 4);
        }

        return 0.5 + (sum * width / 3);
    }
}
