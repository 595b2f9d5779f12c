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
            node.Message(5, Attribute(key, value));
        }

        if (type[0] == ':')
        {
            node.Text(7, "com.microsoft");
        }

        _graph.Message(1, node);
        return outputs[0];
    }

    /// <summary>Adds a constant once.</summary>
    public string Constant(string name, ExportedType type, ReadOnlySpan<byte> bytes, params ReadOnlySpan<long> shape)
    {
        var (root, tensor) = (_outer ?? this, new ProtoWriter());
        if (!Constants.Add(name))
        {
            return name;
        }

        foreach (var size in shape)
        {
            tensor.Number(1, size);
        }

        tensor.Number(2, (int)type);
        tensor.Text(8, name);
        if (root.DataName is { } file && bytes.Length >= LeastOutside)
        {
            var place = root.Place((file, root._data.Count, bytes.Length));
            Entry(tensor, "location", place.Location);
            Entry(tensor, "offset", $"{place.Offset}");
            Entry(tensor, "length", $"{place.Length}");
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

    public void Input(string name, ExportedType type, params ReadOnlySpan<object> shape) => _graph.Message(11, Value(name, type, shape));

    public void Output(string name, ExportedType type, params ReadOnlySpan<object> shape) => _graph.Message(12, Value(name, type, shape));

    /// <summary>Writes the graph, and the file of numbers beside it.</summary>
    public void Write(string path)
    {
        _graph.Text(2, "main_graph");
        var model = new ProtoWriter();
        model.Number(1, 10); // IR version
        model.Text(2, "pytorch");
        model.Message(7, _graph);
        foreach (var (domain, version) in (ReadOnlySpan<(string, int)>)[("", 21), ("com.microsoft", 1)])
        {
            var set = new ProtoWriter();
            set.Text(1, domain);
            set.Number(2, version);
            model.Message(8, set);
        }

        File.WriteAllBytes(path, model.Written.ToArray());
        if (DataName is not null)
        {
            File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(path)!, DataName), _data.ToArray());
        }
    }

    private static void Entry(ProtoWriter tensor, string key, string value)
    {
        var entry = new ProtoWriter();
        entry.Text(1, key);
        entry.Text(2, value);
        tensor.Message(13, entry);
    }

    private static ProtoWriter Attribute(string name, object value)
    {
        var attribute = new ProtoWriter();
        attribute.Text(1, name);
        switch (value)
        {
            case float real:
                attribute.Real(2, real);
                attribute.Number(20, 1);
                break;
            case string text:
                attribute.Text(4, text);
                attribute.Number(20, 3);
                break;
            case GraphWriter branch:
                branch._graph.Text(2, name);
                attribute.Message(6, branch._graph);
                attribute.Number(20, 5);
                break;
            case long[] numbers:
                foreach (var number in numbers)
                {
                    attribute.Number(8, number);
                }

                attribute.Number(20, 7);
                break;
            default:
                attribute.Number(3, Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                attribute.Number(20, 2);
                break;
        }

        return attribute;
    }

    private static ProtoWriter Value(string name, ExportedType type, ReadOnlySpan<object> shape)
    {
        var dimensions = new ProtoWriter();
        foreach (var size in shape)
        {
            var dimension = new ProtoWriter();
            if (size is string free)
            {
                dimension.Text(2, free);
            }
            else
            {
                dimension.Number(1, (int)size);
            }

            dimensions.Message(1, dimension);
        }

        var (tensor, typed, value) = (new ProtoWriter(), new ProtoWriter(), new ProtoWriter());
        tensor.Number(1, (int)type);
        tensor.Message(2, dimensions);
        typed.Message(1, tensor);
        value.Text(1, name);
        value.Message(2, typed);
        return value;
    }
}
