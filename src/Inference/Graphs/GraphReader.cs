using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Graphs;

/// <summary>Reads ONNX models into graphs of operator set 17. Field numbers are those of onnx.proto3.</summary>
internal static class GraphReader
{
    private const int OperatorSet = 17;

    /// <summary>Reads a model and the file of weights beside it.</summary>
    /// <exception cref="ModelImportException">The model is damaged, or of another operator set.</exception>
    public static ModelGraph Read(string path) =>
        Read(File.ReadAllBytes(path), Path.GetDirectoryName(Path.GetFullPath(path)));

    /// <param name="folder">Where a file of weights lies; null for a model that must not have one.</param>
    /// <inheritdoc cref="Read(string)"/>
    public static ModelGraph Read(ReadOnlySpan<byte> model, string? folder = null)
    {
        var graph = new ModelGraph();
        var fields = new ProtoReader(model);
        while (OnnxFields.Model.Next(ref fields))
        {
            switch (fields.Field)
            {
                case 7:
                    ReadGraph(graph, fields.Bytes, folder);
                    break;
                case 8:
                    CheckOperatorSet(fields.Bytes);
                    break;
            }
        }

        graph.SkipTakenNames();
        return graph;
    }

    private static void CheckOperatorSet(ReadOnlySpan<byte> message)
    {
        var (domain, version) = ("", 0UL);
        var fields = new ProtoReader(message);
        while (OnnxFields.OperatorSet.Next(ref fields))
        {
            (domain, version) = fields.Field == 1 ? (Text(fields.Bytes), version) : (domain, fields.Number);
        }

        if (domain is "" or "ai.onnx" && version != OperatorSet)
        {
            throw new ModelImportException(
                $"The ONNX model is of operator set {version}; training reads {OperatorSet}. Export it with opset {OperatorSet}.");
        }
    }

    private static void ReadGraph(ModelGraph graph, ReadOnlySpan<byte> message, string? folder)
    {
        var fields = new ProtoReader(message);
        while (OnnxFields.Graph.Next(ref fields))
        {
            switch (fields.Field)
            {
                case 1:
                    AddNode(graph, fields.Bytes, folder);
                    break;
                case 5:
                    var (name, tensor) = OnnxTensor.Read(fields.Bytes, folder);
                    graph.Initializers[name] = tensor;
                    break;
                case 11:
                    graph.Inputs.Add(ReadInput(fields.Bytes));
                    break;
                case 12:
                    graph.Outputs.Add(Text(ProtoReader.Find(fields.Bytes, 1)));
                    break;
            }
        }

        graph.Inputs.RemoveAll(input => graph.Initializers.ContainsKey(input.Name));
    }

    private static void AddNode(ModelGraph graph, ReadOnlySpan<byte> message, string? folder)
    {
        var (inputs, outputs, type, name, domain) = (new List<string>(), new List<string>(), "", "", "");
        var attributes = new Dictionary<string, object>(StringComparer.Ordinal);
        var fields = new ProtoReader(message);
        while (OnnxFields.Node.Next(ref fields))
        {
            switch (fields.Field)
            {
                case 1:
                    inputs.Add(Text(fields.Bytes));
                    break;
                case 2:
                    outputs.Add(Text(fields.Bytes));
                    break;
                case 3:
                    name = Text(fields.Bytes);
                    break;
                case 4:
                    type = Text(fields.Bytes);
                    break;
                case 5:
                    var (attribute, value) = ReadAttribute(fields.Bytes, folder);
                    attributes[attribute] = value;
                    break;
                case 7:
                    domain = Text(fields.Bytes) is "ai.onnx" ? "" : Text(fields.Bytes);
                    break;
            }
        }

        if (type == "Constant" && attributes.GetValueOrDefault("value") is OnnxTensor constant)
        {
            graph.Literals.Add(outputs[0]);
            graph.Initializers[outputs[0]] = constant; // Both are constants; one form is enough for the rules.
            return;
        }

        graph.Nodes.Add(new ModelNode(type, domain, [.. inputs], [.. outputs]) { Name = name, Attributes = attributes });
    }

    private static (string Name, object Value) ReadAttribute(ReadOnlySpan<byte> message, string? folder)
    {
        var (name, kind) = ("", 0UL);
        object? single = null;
        var (reals, wholes, texts) = (new List<float>(), new List<long>(), new List<string>());
        var fields = new ProtoReader(message);
        while (OnnxFields.Attribute.Next(ref fields))
        {
            switch (fields.Field)
            {
                case 1:
                    name = Text(fields.Bytes);
                    break;
                case 2:
                    single = BinaryPrimitives.ReadSingleLittleEndian(fields.Bytes);
                    break;
                case 3:
                    single = (long)fields.Number;
                    break;
                case 4:
                    single = Text(fields.Bytes);
                    break;
                case 5:
                    single = OnnxTensor.Read(fields.Bytes, folder).Tensor;
                    break;
                case 6:
                    var body = new ModelGraph();
                    ReadGraph(body, fields.Bytes, folder);
                    single = body;
                    break;
                case 7:
                    reals.AddRange(MemoryMarshal.Cast<byte, float>(fields.Bytes));
                    break;
                case 8:
                    wholes.AddRange(OnnxTensor.Numbers(fields));
                    break;
                case 9:
                    texts.Add(Text(fields.Bytes));
                    break;
                case 20:
                    kind = fields.Number;
                    break;
            }
        }

        return (name, kind switch
        {
            1 => single ?? 0f, // A value of 0 may be left out.
            2 => single ?? 0L,
            3 => single ?? "",
            6 => reals.ToArray(),
            7 => wholes.ToArray(),
            8 => texts.ToArray(),
            _ => single ?? throw new ModelImportException($"The attribute '{name}' of the ONNX model has a type that is not supported."),
        });
    }

    private static GraphInput ReadInput(ReadOnlySpan<byte> message)
    {
        var name = Text(ProtoReader.Find(message, 1));
        var tensor = ProtoReader.Find(ProtoReader.Find(message, 2), 1);
        var (type, dimensions) = (TensorElementType.DataTypeMax, new List<object>());
        var fields = new ProtoReader(tensor);
        while (fields.Next())
        {
            if (fields.Field == 1)
            {
                type = (TensorElementType)fields.Number;
                continue;
            }

            var shape = new ProtoReader(fields.Bytes);
            while (shape.Next())
            {
                dimensions.Add(ReadDimension(shape.Bytes) ?? $"{name}_{dimensions.Count}");
            }
        }

        return new GraphInput(name, type, [.. dimensions]);
    }

    private static object? ReadDimension(ReadOnlySpan<byte> message)
    {
        object? dimension = null;
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            dimension = fields.Field switch { 1 => (long)fields.Number, 2 => Text(fields.Bytes), _ => dimension };
        }

        return dimension;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
