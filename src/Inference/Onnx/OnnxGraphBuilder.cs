using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Tollgate.Inference.Onnx;

/// <summary>Builds an ONNX model node by node and writes it as one file, or as one file and a file of weights.</summary>
/// <remarks>Field numbers are those of onnx.proto3. Weights go to the second file from the first on, in the order they are
/// added.</remarks>
internal sealed class OnnxGraphBuilder : IDisposable
{
    /// <summary>Domain of ONNX Runtime's own operators.</summary>
    public const string MicrosoftDomain = "com.microsoft";

    private const int Float = 1;
    private const int Float16 = 10;
    private const int Int32 = 6;
    private const int Int64 = 7;
    private const int Bool = 9;
    private const int Alignment = 4096; // a page: ONNX Runtime maps the weights instead of copying them

    private readonly ProtoWriter _graph = new();
    private readonly FileStream? _weights;
    private readonly string? _weightsName;
    private readonly bool _rounds;
    private int _nextName;

    /// <param name="weightsPath">Where weights go; null keeps them inside the model, which protobuf limits to 2 GB.</param>
    /// <param name="rounds">Whether numbers given as float32 are written as float16.</param>
    public OnnxGraphBuilder(string? weightsPath, bool rounds = false)
    {
        _rounds = rounds;
        if (weightsPath is not null)
        {
            _weights = new FileStream(weightsPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 20);
            _weightsName = Path.GetFileName(weightsPath);
        }
    }

    /// <summary>Adds a node with one output and returns that output's name.</summary>
    public string Node(string type, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var output = $"v{_nextName++}";
        Node(type, domain: "", inputs, [output], attributes);
        return output;
    }

    public void Node(
        string type, string domain, ReadOnlySpan<string> inputs, ReadOnlySpan<string> outputs,
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

        node.Text(3, $"{type}_{_nextName++}");
        node.Text(4, type);
        node.Text(7, domain);
        foreach (var (name, value) in attributes)
        {
            node.Message(5, Attribute(name, value));
        }

        _graph.Message(1, node);
    }

    public string NewName() => $"v{_nextName++}";

    public void Initializer(string name, ReadOnlySpan<float> numbers, params ReadOnlySpan<long> shape)
    {
        if (!_rounds)
        {
            Initializer(name, Float, MemoryMarshal.AsBytes(numbers), shape);
            return;
        }

        var rounded = new Half[numbers.Length];
        TensorPrimitives.ConvertToHalf(numbers, rounded);
        Initializer(name, Float16, MemoryMarshal.AsBytes<Half>(rounded), shape);
    }

    public void Initializer(string name, ReadOnlySpan<long> numbers, params ReadOnlySpan<long> shape) =>
        Initializer(name, Int64, MemoryMarshal.AsBytes(numbers), shape);

    public void Initializer(string name, ReadOnlySpan<bool> truths, params ReadOnlySpan<long> shape) =>
        Initializer(name, Bool, MemoryMarshal.AsBytes(truths), shape);

    /// <summary>Adds several tensors of the same bytes under other names and shapes. In the file of weights the bytes stand once.</summary>
    public void Initializers(
        TensorElementType type, ReadOnlySpan<byte> data, params ReadOnlySpan<(string Name, long[] Shape)> views)
    {
        if (!GoesOutside(data))
        {
            foreach (var (name, shape) in views)
            {
                Initializer(name, (int)type, data, shape);
            }

            return;
        }

        var start = WriteOutside(data);
        foreach (var (name, shape) in views)
        {
            _graph.Message(5, Outside(name, (int)type, shape, start, data.Length));
        }
    }

    /// <summary>Adds a tensor of any type.</summary>
    public void Initializer(string name, OnnxTensor tensor) =>
        Initializer(name, (int)tensor.Type, tensor.Data.Span, tensor.Shape);

    /// <summary>Adds an input; a string in the shape is a free dimension.</summary>
    public void Input(string name, Type type, params ReadOnlySpan<object> shape) => _graph.Message(11, ValueInfo(name, type, shape));

    public void Output(string name, Type type, params ReadOnlySpan<object> shape) => _graph.Message(12, ValueInfo(name, type, shape));

    /// <summary>Adds an input; a string in the shape is a free dimension.</summary>
    public void Input(string name, TensorElementType type, params ReadOnlySpan<object> shape) =>
        _graph.Message(11, ValueInfo(name, (int)type, shape));

    public void Output(string name, TensorElementType type, params ReadOnlySpan<object> shape) =>
        _graph.Message(12, ValueInfo(name, (int)type, shape));

    /// <summary>Adds an input of a body whose type ONNX Runtime infers.</summary>
    public void Input(string name) => _graph.Message(11, Named(name));

    /// <summary>Adds an output whose type and shape ONNX Runtime infers.</summary>
    public void Output(string name) => _graph.Message(12, Named(name));

    /// <summary>Writes the model file and completes the file of weights.</summary>
    public void Write(string path)
    {
        _weights?.Flush(flushToDisk: true);
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        file.Write(ToModel().Span);
        file.Flush(flushToDisk: true);
    }

    /// <summary>The model as bytes. Ends the graph: nothing can be added afterwards.</summary>
    public ReadOnlyMemory<byte> ToModel()
    {
        _graph.Text(2, "graph");
        var model = new ProtoWriter();
        model.Number(1, 9); // IR version
        model.Text(2, "tollgate");
        model.Message(7, _graph);
        model.Message(8, OperatorSet("", 17));
        model.Message(8, OperatorSet(MicrosoftDomain, 1));
        return model.Written;
    }

    public void Dispose() => _weights?.Dispose();

    private void Initializer(string name, int type, ReadOnlySpan<byte> data, ReadOnlySpan<long> shape) => _graph.Message(
        5, GoesOutside(data) ? Outside(name, type, shape, WriteOutside(data), data.Length) : Tensor(name, type, data, shape));

    private bool GoesOutside(ReadOnlySpan<byte> data) => _weights is not null && data.Length >= 1024;

    /// <summary>Writes to the file of weights and returns the position.</summary>
    private long WriteOutside(ReadOnlySpan<byte> data)
    {
        var start = (_weights!.Position + Alignment - 1) / Alignment * Alignment;
        _weights.Write(new byte[start - _weights.Position]);
        _weights.Write(data);
        return start;
    }

    private ProtoWriter Outside(string name, int type, ReadOnlySpan<long> shape, long start, long length)
    {
        var tensor = Tensor(name, type, shape);
        tensor.Message(13, Entry("location", _weightsName!));
        tensor.Message(13, Entry("offset", $"{start}"));
        tensor.Message(13, Entry("length", $"{length}"));
        tensor.Number(14, 1); // EXTERNAL
        return tensor;
    }

    private static ProtoWriter Tensor(string name, int type, ReadOnlySpan<byte> data, ReadOnlySpan<long> shape)
    {
        var tensor = Tensor(name, type, shape);
        tensor.Bytes(9, data);
        return tensor;
    }

    private static ProtoWriter Tensor(string name, int type, ReadOnlySpan<long> shape)
    {
        var tensor = new ProtoWriter();
        foreach (var dimension in shape)
        {
            tensor.Number(1, dimension);
        }

        tensor.Number(2, type);
        tensor.Text(8, name);
        return tensor;
    }

    private static ProtoWriter Named(string name)
    {
        var value = new ProtoWriter();
        value.Text(1, name);
        return value;
    }

    private static ProtoWriter Entry(string key, string value)
    {
        var entry = new ProtoWriter();
        entry.Text(1, key);
        entry.Text(2, value);
        return entry;
    }

    private static ProtoWriter OperatorSet(string domain, long version)
    {
        var set = new ProtoWriter();
        set.Text(1, domain);
        set.Number(2, version);
        return set;
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
            case int whole:
                attribute.Number(3, whole);
                attribute.Number(20, 2);
                break;
            case string text:
                attribute.Text(4, text);
                attribute.Number(20, 3);
                break;
            case long whole:
                attribute.Number(3, whole);
                attribute.Number(20, 2);
                break;
            case OnnxTensor tensor:
                attribute.Message(5, Tensor("", (int)tensor.Type, tensor.Data.Span, tensor.Shape));
                attribute.Number(20, 4);
                break;
            case OnnxGraphBuilder body:
                body._graph.Text(2, "body");
                attribute.Message(6, body._graph);
                attribute.Number(20, 5);
                break;
            case float[] reals:
                foreach (var real in reals)
                {
                    attribute.Real(7, real);
                }

                attribute.Number(20, 6);
                break;
            case long[] numbers:
                foreach (var number in numbers)
                {
                    attribute.Number(8, number);
                }

                attribute.Number(20, 7);
                break;
            case string[] texts:
                foreach (var text in texts)
                {
                    attribute.Text(9, text);
                }

                attribute.Number(20, 8);
                break;
            default:
                throw new ArgumentException($"Attributes of type {value.GetType().Name} are not written.", nameof(value));
        }

        return attribute;
    }

    private static ProtoWriter ValueInfo(string name, Type type, ReadOnlySpan<object> shape) =>
        ValueInfo(
            name, type == typeof(float) ? Float : type == typeof(int) ? Int32 : type == typeof(bool) ? Bool : Int64, shape);

    private static ProtoWriter ValueInfo(string name, int type, ReadOnlySpan<object> shape)
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
                dimension.Number(1, Convert.ToInt64(size, CultureInfo.InvariantCulture));
            }

            dimensions.Message(1, dimension);
        }

        var tensor = new ProtoWriter();
        tensor.Number(1, type);
        tensor.Message(2, dimensions);
        var typed = new ProtoWriter();
        typed.Message(1, tensor);
        var value = new ProtoWriter();
        value.Text(1, name);
        value.Message(2, typed);
        return value;
    }
}
