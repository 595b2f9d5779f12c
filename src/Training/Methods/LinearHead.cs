using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Training.Steps;
using Tollgate.Training.Updates;

namespace Tollgate.Training.Methods;

/// <summary>A linear layer over vectors that are scaled to mean 0 and deviation 1 first.</summary>
/// <param name="Mean">Of each of the vectors' numbers.</param>
/// <param name="Scale">1 / standard deviation of each.</param>
/// <param name="Weights"><c>[labels, width]</c>.</param>
/// <param name="Biases"><c>[labels]</c>.</param>
internal sealed record LinearHead(float[] Mean, float[] Scale, float[] Weights, float[] Biases)
{
    public const string WeightsName = "head.weight";
    public const string BiasesName = "head.bias";
    public const string MeanName = "head.mean";
    public const string ScaleName = "head.scale";

    /// <summary>Name of a classifier's output, <c>[batch, labels]</c>.</summary>
    public const string Logits = "logits";

    private const double SmallestDeviation = 1e-6;

    /// <summary>A layer of zeros for vectors.</summary>
    /// <param name="vectors"><c>[rows, width]</c>.</param>
    /// <param name="rows">Those that decide mean and deviation.</param>
    public static LinearHead For(float[] vectors, int width, IReadOnlyCollection<int> rows, int labels)
    {
        var (mean, squares) = (new double[width], new double[width]);
        foreach (var row in rows)
        {
            for (var i = 0; i < width; i++)
            {
                var number = (double)vectors[(row * width) + i];
                (mean[i], squares[i]) = (mean[i] + (number / rows.Count), squares[i] + (number * number / rows.Count));
            }
        }

        return new LinearHead(
            Array.ConvertAll(mean, value => (float)value),
            [.. squares.Select((square, i) => (float)(1 / Math.Sqrt(Math.Max(SmallestDeviation, square - (mean[i] * mean[i])))))],
            new float[labels * width], new float[labels]);
    }

    /// <summary>The layer with the numbers that a trainer has made.</summary>
    public LinearHead With(Trainer trainer)
    {
        float[] Values(string name) =>
            trainer.Memory.ValuesOf(trainer.Parameters.Single(parameter => parameter.Name == name)).ToArray();
        return this with { Weights = Values(WeightsName), Biases = Values(BiasesName) };
    }

    /// <summary>Appends the layer; the graph's only output becomes <see cref="Logits"/>.</summary>
    /// <param name="vectors"><c>[batch, width]</c>.</param>
    public void Append(ModelGraph graph, string vectors)
    {
        var (width, labels) = (Mean.Length, Biases.Length);
        string Fixed(string name, float[] numbers)
        {
            graph.Initializers[name] = OnnxTensor.Of(numbers, width);
            graph.Literals.Add(name);
            return name;
        }

        var even = graph.Add("Mul", [graph.Add("Sub", [vectors, Fixed(MeanName, Mean)]), Fixed(ScaleName, Scale)]);
        graph.Initializers[WeightsName] = OnnxTensor.Of(Weights, labels, width);
        graph.Initializers[BiasesName] = OnnxTensor.Of(Biases, labels);
        graph.Nodes.Add(new ModelNode("Gemm", "", [even, WeightsName, BiasesName], [Logits])
        {
            Attributes = new(StringComparer.Ordinal) { ["transB"] = 1L },
        });
        graph.Outputs.Clear();
        graph.Outputs.Add(Logits);
    }

    /// <summary>Small random weights for a layer that is trained together with what is below it.</summary>
    public static LinearHead Random(int width, int labels, SeededRandom random) => new(
        new float[width], [.. Enumerable.Repeat(1f, width)],
        RandomWeights.Even(random, (long)labels * width, 1 / Math.Sqrt(width)), new float[labels]);
}
