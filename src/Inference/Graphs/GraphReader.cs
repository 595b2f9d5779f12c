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
        var nodes = new NodeReader(tensor => OnnxTensor.Read(tensor, folder).Tensor, body => ReadBody(body, folder));
        var fields = new ProtoReader(message);
        while (OnnxFields.Graph.Next(ref fields))
        {
            switch (fields.Field)
            {
                case 1:
                    AddNode(graph, nodes.Read(fields.Bytes));
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

    private static ModelGraph ReadBody(ReadOnlySpan<byte> message, string? folder)
    {
        var body = new ModelGraph();
        ReadGraph(body, message, folder);
        return body;
    }

    private static void AddNode(ModelGraph graph, ModelNode node)
    {
        if (node.Operator == "Constant" && node.Attributes.GetValueOrDefault("value") is OnnxTensor constant)
        {
            graph.Literals.Add(node.Outputs[0]);
            graph.Initializers[node.Outputs[0]] = constant; // Both are constants; one form is enough for the rules.
            return;
        }

        graph.Nodes.Add(node);
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
