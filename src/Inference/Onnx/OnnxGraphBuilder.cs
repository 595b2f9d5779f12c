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
    private const int Int32 = 6;
    private const int Int64 = 7;
    private const int Bool = 9;
    private const int Alignment = 4096; // a page: ONNX Runtime maps the weights instead of copying them

    private readonly ProtoWriter _graph = new();
    private readonly FileStream? _weights;
    private readonly string? _weightsName;
    private int _nextName;

    /// <param name="weightsPath">Where weights go; null keeps them inside the model, which protobuf limits to 2 GB.</param>
    public OnnxGraphBuilder(string? weightsPath)
    {
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
            node.Message(5, OnnxMessages.Attribute(name, value is OnnxGraphBuilder body ? body.ToBody() : value));
        }

        _graph.Message(1, node);
    }

    public string NewName() => $"v{_nextName++}";

    public void Initializer(string name, ReadOnlySpan<float> numbers, params ReadOnlySpan<long> shape) =>
        Initializer(name, Float, MemoryMarshal.AsBytes(numbers), shape);

    public void Initializer(string name, ReadOnlySpan<long> numbers, params ReadOnlySpan<long> shape) =>
        Initializer(name, Int64, MemoryMarshal.AsBytes(numbers), shape);

    public void Initializer(string name, ReadOnlySpan<bool> truths, params ReadOnlySpan<long> shape) =>
        Initializer(name, Bool, MemoryMarshal.AsBytes(truths), shape);

    /// <summary>Adds several tensors over the same bytes. In the file of weights the bytes stand once.</summary>
    /// <param name="views">Name, shape and first byte of each tensor.</param>
    public void Initializers(
        TensorElementType type, ReadOnlySpan<byte> data, params ReadOnlySpan<(string Name, long[] Shape, long Start)> views)
    {
        var start = GoesOutside(data) ? WriteOutside(data) : (long?)null;
        foreach (var (name, shape, first) in views)
        {
            var bytes = shape.Aggregate((long)OnnxTensor.SizeOf(type), (product, size) => product * size);
            _graph.Message(5, start is null
                ? Tensor(name, (int)type, data.Slice((int)first, (int)bytes), shape)
                : Outside(name, (int)type, shape, start.Value + first, bytes));
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
        _graph.Message(11, OnnxMessages.ValueInfo(name, (int)type, shape));

    public void Output(string name, TensorElementType type, params ReadOnlySpan<object> shape) =>
        _graph.Message(12, OnnxMessages.ValueInfo(name, (int)type, shape));

    /// <summary>Adds an input of a body whose type ONNX Runtime infers.</summary>
    public void Input(string name) => _graph.Message(11, OnnxMessages.Named(name));

    /// <summary>Adds an output whose type and shape ONNX Runtime infers.</summary>
    public void Output(string name) => _graph.Message(12, OnnxMessages.Named(name));

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
        model.Message(8, OnnxMessages.OperatorSet("", 17));
        model.Message(8, OnnxMessages.OperatorSet(MicrosoftDomain, 1));
        return model.Written;
    }

    public void Dispose() => _weights?.Dispose();

    private ProtoWriter ToBody()
    {
        _graph.Text(2, "body");
        return _graph;
    }

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
        var tensor = OnnxMessages.Tensor(name, type, shape);
        tensor.Message(13, OnnxMessages.Entry("location", _weightsName!));
        tensor.Message(13, OnnxMessages.Entry("offset", $"{start}"));
        tensor.Message(13, OnnxMessages.Entry("length", $"{length}"));
        tensor.Number(14, 1); // EXTERNAL
        return tensor;
    }

    private static ProtoWriter Tensor(string name, int type, ReadOnlySpan<byte> data, ReadOnlySpan<long> shape)
    {
        var tensor = OnnxMessages.Tensor(name, type, shape);
        tensor.Bytes(9, data);
        return tensor;
    }

    private static ProtoWriter ValueInfo(string name, Type type, ReadOnlySpan<object> shape) =>
        OnnxMessages.ValueInfo(
            name, type == typeof(float) ? Float : type == typeof(int) ? Int32 : type == typeof(bool) ? Bool : Int64, shape);
}
