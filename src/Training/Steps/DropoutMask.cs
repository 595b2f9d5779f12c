using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Training.Updates;

namespace Tollgate.Training.Steps;

/// <summary>A mask that a step multiplies a tensor with. Its numbers depend on seed, step, part of the step and place alone.</summary>
internal sealed class DropoutMask
{
    private readonly long _factor;
    private readonly Dictionary<string, int> _powers;
    private readonly float _rate;
    private readonly ulong _place;

    private DropoutMask(string input, float rate, ulong place, long factor, Dictionary<string, int> powers) =>
        (Input, _rate, _place, _factor, _powers) = (input, rate, place, factor, powers);

    /// <summary>The graph's input, <c>[numbers]</c> of float32.</summary>
    public string Input { get; }

    /// <summary>Makes the readers of some tensors read them through masks, which become inputs of the graph.</summary>
    /// <param name="shapes">Shapes of the graph's tensors; gets those of the masked ones.</param>
    /// <exception cref="GradientException">A tensor does not exist, or its size is no product of free dimensions of the inputs.</exception>
    public static DropoutMask[] Insert(
        ModelGraph graph, Dictionary<string, ProbedTensor> shapes, IReadOnlyList<DropoutPlace> places)
    {
        var sizes = ShapeProbe.FreeSizes(graph);
        return [.. places.Select((place, index) => Insert(graph, shapes, sizes, place, (ulong)index))];
    }

    /// <summary>How many numbers the mask has for inputs of given free dimensions.</summary>
    public long Count(IReadOnlyDictionary<string, long> dimensions) =>
        _powers.Aggregate(_factor, (count, power) => count * Power(dimensions[power.Key], power.Value));

    /// <summary>Fills a mask: 0, or 1 / (1 − rate). The rate is exact to 1/65,536.</summary>
    /// <param name="part">Part of a step whose gradients are accumulated, counted from 0.</param>
    public void Fill(Span<float> mask, ulong seed, long step, int part)
    {
        var key = SeededRandom.Mix(SeededRandom.Mix(SeededRandom.Mix(SeededRandom.Mix(seed) + (ulong)step) + (ulong)part) + _place);
        var threshold = (uint)Math.Round(_rate * 65536.0);
        var kept = (float)(65536.0 / (65536 - threshold));
        for (var i = 0; i < mask.Length; i += 4)
        {
            var bits = SeededRandom.At(key, (ulong)i);
            for (var j = i; j < Math.Min(i + 4, mask.Length); j++, bits >>= 16)
            {
                mask[j] = (bits & 0xFFFF) < threshold ? 0 : kept;
            }
        }
    }

    private static DropoutMask Insert(
        ModelGraph graph, Dictionary<string, ProbedTensor> shapes, Dictionary<string, (long First, long Second)> sizes, DropoutPlace place,
        ulong index)
    {
        var producer = graph.Nodes.FindIndex(node => node.Outputs.Contains(place.Tensor));
        if (producer < 0 || place.Rate is <= 0 or >= 1)
        {
            throw new GradientException(
                $"Dropout of {place.Rate} at '{place.Tensor}': name a result of an operator, and a rate above 0 and below 1.");
        }

        var shape = shapes[place.Tensor];
        var (factor, powers) = Size(place.Tensor, shape, sizes);
        var (input, dropped) = ($"~dropout.{index}", $"~dropped.{index}");
        for (var i = producer + 1; i < graph.Nodes.Count; i++)
        {
            var node = graph.Nodes[i];
            if (node.Inputs.Contains(place.Tensor))
            {
                graph.Nodes[i] = node with { Inputs = Array.ConvertAll(node.Inputs, name => name == place.Tensor ? dropped : name) };
            }
        }

        var end = graph.Nodes.Count;
        var mask = graph.Add("Reshape", [input, graph.Add("Shape", [place.Tensor])]);
        graph.Nodes.Add(new ModelNode("Mul", "", [place.Tensor, mask], [dropped]));
        var made = graph.Nodes[end..];
        graph.Nodes.RemoveRange(end, made.Count);
        graph.Nodes.InsertRange(producer + 1, made);
        (shapes[mask], shapes[dropped]) = (shape, shape);
        graph.Inputs.Add(new GraphInput(input, TensorElementType.Float, [$"{input}_numbers"]));
        return new DropoutMask(input, place.Rate, index, factor, powers);
    }

    /// <summary>The number of numbers as a factor times powers of free dimensions.</summary>
    private static (long Factor, Dictionary<string, int> Powers) Size(
        string tensor, ProbedTensor shape, Dictionary<string, (long First, long Second)> sizes)
    {
        var (first, second) = (Product(shape.First), Product(shape.Second));
        string[] names = [.. sizes.Keys];
        var combinations = (int)Math.Pow(3, names.Length);
        for (var combination = 0; combination < combinations; combination++)
        {
            var (powers, one, two, rest) = (new Dictionary<string, int>(StringComparer.Ordinal), 1L, 1L, combination);
            foreach (var name in names)
            {
                powers[name] = rest % 3;
                rest /= 3;
                (one, two) = (one * Power(sizes[name].First, powers[name]), two * Power(sizes[name].Second, powers[name]));
            }

            if (first % one == 0 && second % two == 0 && first / one == second / two)
            {
                return (first / one, powers);
            }
        }

        throw new GradientException($"Dropout at '{tensor}': its size does not follow from the free dimensions of the inputs.");
    }

    private static long Product(long[] shape) => shape.Aggregate(1L, (count, dimension) => count * dimension);

    private static long Power(long value, int power) => power == 0 ? 1 : value * Power(value, power - 1);
}
