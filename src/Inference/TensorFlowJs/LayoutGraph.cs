using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.TensorFlowJs;

/// <summary>The ONNX graph under construction. Turns values from one layout into the other where an operator needs it, each once.</summary>
internal sealed class LayoutGraph(OnnxGraphBuilder onnx)
{
    /// <summary>For each dimension of <c>[batch, channels, height, width]</c> the one with channels last.</summary>
    private static readonly int[] ToFirst = [0, 3, 1, 2];

    private static readonly long[] ToLast = [0, 2, 3, 1];
    private readonly Dictionary<float, string> _scalars = [];
    private readonly Dictionary<string, string> _vectors = new(StringComparer.Ordinal);

    /// <summary>Adds a node with one output.</summary>
    public string Node(string type, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        onnx.Node(type, inputs, attributes);

    /// <summary>Adds a node with several outputs and returns their names.</summary>
    public string[] Node(
        string type, int outputs, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        string[] names = [.. Enumerable.Range(0, outputs).Select(_ => onnx.NewName())];
        onnx.Node(type, domain: "", inputs, names, attributes);
        return names;
    }

    /// <summary>The value with dimensions as in TensorFlow.</summary>
    public string Plain(GraphValue value) => value.Plain ??= value.Constant is { } constant
        ? Constant(constant) : Node("Transpose", [value.ChannelsFirst!], ("perm", ToLast));

    /// <summary>A value of four dimensions with its channels first.</summary>
    public string ChannelsFirst(GraphValue value) => value.ChannelsFirst ??= value.Constant is { } constant
        ? Constant(constant.Permute(ToFirst)) : Node("Transpose", [value.Plain!], ("perm", Array.ConvertAll(ToFirst, i => (long)i)));

    /// <summary>An operand that is stretched to four dimensions with channels first: a constant of up to four dimensions, a number, or a
    /// value of four.</summary>
    public string StretchedFirst(GraphValue value)
    {
        if (value.Rank == 4)
        {
            return ChannelsFirst(value);
        }

        return value.Constant is { Shape.Length: > 0 } constant
            ? Constant(constant.Reshape([.. Enumerable.Repeat(1, 4 - constant.Shape.Length), .. constant.Shape]).Permute(ToFirst))
            : Plain(value);
    }

    /// <summary>A constant of the graph.</summary>
    public string Constant(GraphTensor tensor)
    {
        var name = onnx.NewName();
        switch (tensor.Kind)
        {
            case TensorKind.Float:
                onnx.Initializer(name, tensor.Floats, tensor.Sizes);
                break;
            case TensorKind.Integer:
                onnx.Initializer(name, tensor.Integers, tensor.Sizes);
                break;
            default:
                onnx.Initializer(name, Array.ConvertAll(tensor.Integers, truth => truth != 0), tensor.Sizes);
                break;
        }

        return name;
    }

    /// <summary>A constant number without dimensions.</summary>
    public string Scalar(float number)
    {
        if (!_scalars.TryGetValue(number, out var name))
        {
            onnx.Initializer(name = _scalars[number] = onnx.NewName(), [number]);
        }

        return name;
    }

    /// <summary>A constant list of whole numbers.</summary>
    public string Vector(params ReadOnlySpan<long> numbers)
    {
        var key = string.Join(',', numbers.ToArray());
        if (!_vectors.TryGetValue(key, out var name))
        {
            onnx.Initializer(name = _vectors[key] = onnx.NewName(), numbers, numbers.Length);
        }

        return name;
    }
}
