using System.Runtime.InteropServices;
using Tollgate.Inference.Exported;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tests.Exported;

/// <summary>Writes an ONNX file as exporters do: operators and constants have names of the exporter, numbers may lie in a file beside
/// it.</summary>
internal sealed class GraphWriter
{
    private const int LeastOutside = 1024;

    private readonly ProtoWriter _graph = new();
    private readonly GraphWriter? _outer;
    private readonly List<byte> _data = [];

    /// <param name="outer">The graph whose branch it is; null for a whole graph.</param>
    public GraphWriter(GraphWriter? outer = null) => _outer = outer;

    /// <summary>Name of the file of numbers; null keeps them in the graph.</summary>
    public string? DataName { get; init; }

    /// <summary>Changes what a constant says of its place in that file: name, offset, length.</summary>
    public Func<(string Location, long Offset, long Length), (string Location, long Offset, long Length)> Place { get; init; } =
        place => place;

    /// <summary>Names of the constants so far.</summary>
    public HashSet<string> Constants { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds an operator whose first output is named after it.</summary>
    public string Node(
        string type, string name, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        Node(type, name, inputs, [$"{name}_output_0"], attributes);

    /// <summary>Adds an operator; one of ONNX Runtime's own where its name begins with a colon.</summary>
    public string Node(
        string type, string name, ReadOnlySpan<string> inputs, string[] outputs,
        params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var node = new ProtoWriter();
        foreach (var input in inputs)
        {
            node.Text(1, input);
        }

        foreach (var output in outputs)
        {
            node.Text(2, output);
        }

        node.Text(3, name);
        node.Text(4, type.TrimStart(':'));
        foreach (var (key, value) in attributes)
        {
            node.Message(5, OnnxMessages.Attribute(key, value is GraphWriter branch ? branch.ToBranch(key) : value));
        }

        if (type[0] == ':')
        {
            node.Text(7, OnnxGraphBuilder.MicrosoftDomain);
        }

        _graph.Message(1, node);
        return outputs[0];
    }

    /// <summary>Adds a constant once.</summary>
    public string Constant(string name, ExportedType type, ReadOnlySpan<byte> bytes, params ReadOnlySpan<long> shape)
    {
        var root = _outer ?? this;
        if (!Constants.Add(name))
        {
            return name;
        }

        var tensor = OnnxMessages.Tensor(name, (int)type, shape);
        if (root.DataName is { } file && bytes.Length >= LeastOutside)
        {
            var place = root.Place((file, root._data.Count, bytes.Length));
            tensor.Message(13, OnnxMessages.Entry("location", place.Location));
            tensor.Message(13, OnnxMessages.Entry("offset", $"{place.Offset}"));
            tensor.Message(13, OnnxMessages.Entry("length", $"{place.Length}"));
            tensor.Number(14, 1);
            root._data.AddRange(bytes);
        }
        else
        {
            tensor.Bytes(9, bytes);
        }

        _graph.Message(5, tensor);
        return name;
    }

    public string Reals(string name, ReadOnlySpan<float> numbers, ExportedType type, params ReadOnlySpan<long> shape)
    {
        if (type == ExportedType.Float32)
        {
            return Constant(name, type, MemoryMarshal.AsBytes(numbers), shape);
        }

        var halves = new Half[numbers.Length];
        for (var i = 0; i < halves.Length; i++)
        {
            halves[i] = (Half)numbers[i];
        }

        return Constant(name, type, MemoryMarshal.AsBytes<Half>(halves), shape);
    }

    public string Wholes(string name, ReadOnlySpan<long> numbers, params ReadOnlySpan<long> shape) =>
        Constant(name, ExportedType.Int64, MemoryMarshal.AsBytes(numbers), shape);

    public void Input(string name, ExportedType type, params ReadOnlySpan<object> shape) =>
        _graph.Message(11, OnnxMessages.ValueInfo(name, (int)type, shape));

    public void Output(string name, ExportedType type, params ReadOnlySpan<object> shape) =>
        _graph.Message(12, OnnxMessages.ValueInfo(name, (int)type, shape));

    /// <summary>Writes the graph, and the file of numbers beside it.</summary>
    public void Write(string path)
    {
        _graph.Text(2, "main_graph");
        var model = new ProtoWriter();
        model.Number(1, 10); // IR version
        model.Text(2, "pytorch");
        model.Message(7, _graph);
        model.Message(8, OnnxMessages.OperatorSet("", 21));
        model.Message(8, OnnxMessages.OperatorSet(OnnxGraphBuilder.MicrosoftDomain, 1));

        File.WriteAllBytes(path, model.Written.ToArray());
        if (DataName is not null)
        {
            File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(path)!, DataName), _data.ToArray());
        }
    }

    private ProtoWriter ToBranch(string name)
    {
        _graph.Text(2, name);
        return _graph;
    }
}
