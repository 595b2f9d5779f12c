using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Gradients;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tests.Gradients;

/// <summary>A small random graph whose gradients are compared with central differences. The gradients run in float32, the differences
/// in float64.</summary>
internal sealed class GradientCheck
{
    private readonly Dictionary<string, double[]> _reals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long[]> _wholes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long[]> _shapes = new(StringComparer.Ordinal);
    private long[] _outputShape = [];
    private readonly Dictionary<string, long> _free = new(StringComparer.Ordinal);

    public GradientCheck(int seed) => Random = new Random(seed);

    public ModelGraph Graph { get; } = new();

    public Random Random { get; }

    /// <summary>Changes the graph before it is differentiated, as a training does.</summary>
    public Action<ModelGraph> Prepare { get; set; } = _ => { };

    public int Truncation { get; set; }

    /// <summary>A size of 1 to <paramref name="most"/>.</summary>
    public long Size(int most = 4) => Random.Next(1, most + 1);

    /// <summary>A free dimension with a random size; the same name is the same dimension.</summary>
    public object Free(string name, int most = 4)
    {
        _free.TryAdd(name, Size(most));
        return name;
    }

    /// <summary>An input of real numbers that the gradient is taken of.</summary>
    public string RealIn(double low, double high, params object[] dimensions)
    {
        var (name, shape) = Input(TensorElementType.Float, dimensions);
        var values = new double[shape.Aggregate(1L, (count, dimension) => count * dimension)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)(low + (Random.NextDouble() * (high - low)));
        }

        _reals[name] = values;
        return name;
    }

    public string Real(params object[] dimensions) => RealIn(-1, 1, dimensions);

    /// <summary>An input of whole numbers from <paramref name="low"/> to below <paramref name="high"/>.</summary>
    public string Whole(long low, long high, params object[] dimensions)
    {
        var (name, shape) = Input(TensorElementType.Int64, dimensions);
        var values = new long[shape.Aggregate(1L, (count, dimension) => count * dimension)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Random.NextInt64(low, high);
        }

        _wholes[name] = values;
        return name;
    }

    /// <summary>A constant of real numbers that the gradient is not taken of.</summary>
    public string Constant(float[] values, params long[] shape)
    {
        var name = Graph.NewName("constant");
        Graph.Initializers[name] = OnnxTensor.Of(values, shape);
        Graph.Literals.Add(name);
        return name;
    }

    /// <summary>Compares the gradients of all real inputs.</summary>
    /// <returns>The largest difference, relative to the larger of both numbers and a hundredth of the input's largest gradient.</returns>
    public double WorstError(string output)
    {
        Graph.Outputs.Add(output);
        var graph = Graph.Copy();
        Prepare(graph);
        var exact = InDouble(graph);
        using var session = Open(exact);
        var results = Run(session, output, _reals);
        var seeds = results.Select(_ => (double)(float)((Random.NextDouble() * 2) - 1)).ToArray();
        var analytic = Analytic(graph, output, seeds);
        var worst = 0.0;
        foreach (var (input, values) in _reals)
        {
            var numeric = Differences(session, output, seeds, input, values);
            var floor = (numeric.Max(Math.Abs) / 100) + 1e-6;
            for (var i = 0; i < values.Length; i++)
            {
                var scale = Math.Max(floor, Math.Max(Math.Abs(numeric[i]), Math.Abs(analytic[input][i])));
                worst = Math.Max(worst, Math.Abs(numeric[i] - analytic[input][i]) / scale);
            }
        }

        return worst;
    }

    /// <summary>The gradients of all real inputs for given gradients of the output.</summary>
    private Dictionary<string, float[]> Analytic(ModelGraph graph, string output, double[] seeds)
    {
        var shapes = ShapeProbe.Run(graph);
        graph.Inputs.Add(new GraphInput(
            "seed", TensorElementType.Float, [.. Enumerable.Range(0, shapes[output].Rank).Select(i => (object)$"seed_{i}")]));
        var gradients = Differentiation.Append(graph, shapes, output, _reals.Keys, "seed", Truncation);
        graph.Outputs.Clear();
        graph.Outputs.Add(output);
        graph.Outputs.AddRange(gradients.Values.Distinct());
        using var session = Open(graph);
        using var options = new RunOptions();
        var inputs = Inputs(_reals, isDouble: false, withSeed: (seeds, _outputShape));
        var made = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var (input, gradient) in gradients)
        {
            using var values = session.Run(options, inputs, [gradient]);
            Assert.Equal(_shapes[input], values[0].GetTensorTypeAndShape().Shape);
            made[input] = values[0].GetTensorDataAsSpan<float>().ToArray();
        }

        foreach (var input in _reals.Keys.Where(input => !made.ContainsKey(input)))
        {
            made[input] = new float[_reals[input].Length]; // Nothing depends on it.
        }

        return made;
    }

    private (string Name, long[] Shape) Input(TensorElementType type, object[] dimensions)
    {
        var name = $"input_{Graph.Inputs.Count}";
        dimensions = [.. dimensions.Select(dimension => dimension is int size ? (long)size : dimension)];
        Graph.Inputs.Add(new GraphInput(name, type, dimensions));
        _shapes[name] = [.. dimensions.Select(dimension => dimension is string free ? _free[free] : (long)dimension)];
        return (name, _shapes[name]);
    }

    private double[] Differences(InferenceSession session, string output, double[] seeds, string input, double[] values)
    {
        var made = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            double At(double value)
            {
                double[] moved = [.. values];
                moved[i] = value;
                var results = Run(session, output, new Dictionary<string, double[]>(_reals) { [input] = moved });
                return results.Zip(seeds, (result, seed) => result * seed).Sum();
            }

            const double Step = 1e-6;
            made[i] = (At(values[i] + Step) - At(values[i] - Step)) / (2 * Step);
        }

        return made;
    }

    private double[] Run(InferenceSession session, string output, IReadOnlyDictionary<string, double[]> reals)
    {
        using var options = new RunOptions();
        using var results = session.Run(options, Inputs(reals, isDouble: true, withSeed: null), [output]);
        _outputShape = results[0].GetTensorTypeAndShape().Shape;
        return results[0].GetTensorDataAsSpan<double>().ToArray();
    }

    private Dictionary<string, OrtValue> Inputs(
        IReadOnlyDictionary<string, double[]> reals, bool isDouble, (double[] Values, long[] Shape)? withSeed)
    {
        var inputs = new Dictionary<string, OrtValue>(StringComparer.Ordinal);
        foreach (var (name, values) in reals)
        {
            inputs[name] = isDouble
                ? OrtValue.CreateTensorValueFromMemory(values.ToArray(), _shapes[name])
                : OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (float)value), _shapes[name]);
        }

        foreach (var (name, values) in _wholes)
        {
            inputs[name] = OrtValue.CreateTensorValueFromMemory(values, _shapes[name]);
        }

        if (withSeed is { } seed)
        {
            inputs["seed"] = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(seed.Values, value => (float)value), seed.Shape);
        }

        return inputs;
    }

    private static InferenceSession Open(ModelGraph graph)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        return new InferenceSession(graph.ToModel(), options);
    }

    /// <summary>The same graph with numbers of 64 bits.</summary>
    private static ModelGraph InDouble(ModelGraph graph)
    {
        var made = graph.Copy();
        for (var i = 0; i < made.Inputs.Count; i++)
        {
            if (made.Inputs[i].Type == TensorElementType.Float)
            {
                made.Inputs[i] = made.Inputs[i] with { Type = TensorElementType.Double };
            }
        }

        Widen(made);
        return made;
    }

    private static void Widen(ModelGraph graph)
    {
        foreach (var (name, tensor) in graph.Initializers.ToArray())
        {
            if (tensor.Type == TensorElementType.Float)
            {
                graph.Initializers[name] = Wide(tensor);
            }
        }

        for (var i = 0; i < graph.Nodes.Count; i++)
        {
            var attributes = new Dictionary<string, object>(graph.Nodes[i].Attributes, StringComparer.Ordinal);
            foreach (var (name, value) in attributes.ToArray())
            {
                if (value is ModelGraph body)
                {
                    var copy = body.Copy();
                    Widen(copy);
                    attributes[name] = copy;
                }
                else if (value is OnnxTensor { Type: TensorElementType.Float } tensor)
                {
                    attributes[name] = Wide(tensor);
                }
                else if (name == "to" && value is 1L)
                {
                    attributes[name] = 11L;
                }
            }

            graph.Nodes[i] = graph.Nodes[i] with { Attributes = attributes };
        }
    }

    private static OnnxTensor Wide(OnnxTensor tensor)
    {
        var values = new double[tensor.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = tensor.Floats[i];
        }

        return new OnnxTensor(TensorElementType.Double, tensor.Shape, MemoryMarshal.AsBytes<double>(values).ToArray());
    }
}
