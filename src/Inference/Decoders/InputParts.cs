using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Decoders;

/// <summary>Splits inputs of products into parts that together have the 24 bits of a float32 and each the 8 of the kernels that multiply
/// with blocks.</summary>
/// <remarks>
/// Those kernels round each block of an input to multiples of its widest number / 127. The first part is rounded so before, so that the
/// kernel changes nothing of it; the second is what is then missing, rounded in the same way; the third is the rest, which the kernel may
/// round. The parts lie one after the other on the first axis: to the kernel they are rows, and one pass over the weights serves all.
/// </remarks>
internal sealed class InputParts(OnnxGraphBuilder graph)
{
    public const int Count = 3;

    private static readonly long[] Innermost = [-1];

    private readonly HashSet<string> _constants = [];
    private readonly Dictionary<(string Input, int Length), string> _parts = [];
    private readonly Dictionary<(string Input, int Length), string> _sums = [];

    /// <summary>The parts, <c>[Count × rows, …, columns]</c>.</summary>
    /// <param name="length">Numbers of a block.</param>
    /// <param name="isFlat">Whether the input is [rows, columns]; else it is [rows, new, columns].</param>
    public string Split(string input, int length, int columns, bool isFlat)
    {
        if (_parts.TryGetValue((input, length), out var known))
        {
            return known;
        }

        if (_constants.Add("steps"))
        {
            graph.Initializer("parts.per_step", [1 / 127f], 1);
            graph.Initializer("parts.least_step", [1e-30f], 1); // a block of zeros is divided by it
        }

        var rest = graph.Node("Reshape", [input, Shape(isFlat, columns / length, length)]);
        var parts = new List<string>();
        while (parts.Count < Count - 1)
        {
            var widest = graph.Node("ReduceMax", [graph.Node("Abs", [rest])], ("axes", Innermost), ("keepdims", 1));
            var step = graph.Node("Max", [graph.Node("Mul", [widest, "parts.per_step"]), "parts.least_step"]);
            var part = graph.Node("Mul", [graph.Node("Round", [graph.Node("Div", [rest, step])]), step]);
            rest = graph.Node("Sub", [rest, part]);
            parts.Add(part);
        }

        var joined = graph.Node("Concat", [.. parts, rest], ("axis", 0));
        return _parts[(input, length)] = graph.Node("Reshape", [joined, Shape(isFlat, columns)]);
    }

    /// <summary>The sum of each block of an input, <c>[rows, …, columns / length]</c>.</summary>
    /// <param name="length">As for <see cref="Split"/>.</param>
    /// <param name="isFlat">As for <see cref="Split"/>.</param>
    public string Sums(string input, int length, int columns, bool isFlat)
    {
        if (_sums.TryGetValue((input, length), out var known))
        {
            return known;
        }

        if (_constants.Add("innermost"))
        {
            graph.Initializer("parts.innermost", Innermost, 1);
        }

        var blocks = graph.Node("Reshape", [input, Shape(isFlat, columns / length, length)]);
        return _sums[(input, length)] = graph.Node("ReduceSum", [blocks, "parts.innermost"], ("keepdims", 0));
    }

    /// <summary>Adds what belongs to each block to each of its numbers.</summary>
    /// <param name="input"><c>[rows, new, columns]</c>.</param>
    /// <param name="addends"><c>[rows, new, columns / length]</c>.</param>
    public string AddToBlocks(string input, string addends, int length, int columns)
    {
        var blocks = graph.Node("Reshape", [input, Shape(isFlat: false, columns / length, length)]);
        var each = graph.Node("Reshape", [addends, Shape(isFlat: false, columns / length, 1)]);
        return graph.Node("Reshape", [graph.Node("Add", [blocks, each]), Shape(isFlat: false, columns)]);
    }

    /// <summary>A shape whose first axes stay as they are (0).</summary>
    private string Shape(bool isFlat, params long[] inner)
    {
        var name = $"parts.shape.{(isFlat ? "" : "new.")}{string.Join('.', inner)}";
        if (_constants.Add(name))
        {
            long[] shape = isFlat ? [0, .. inner] : [0, 0, .. inner];
            graph.Initializer(name, shape, shape.Length);
        }

        return name;
    }
}
