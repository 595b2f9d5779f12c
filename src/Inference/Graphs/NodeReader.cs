using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Graphs;

/// <summary>Reads operators of ONNX graphs. Field numbers are those of onnx.proto3.</summary>
/// <param name="readTensor">Turns a TensorProto into the value of an attribute.</param>
/// <param name="readGraph">Turns a GraphProto into the value of an attribute.</param>
internal sealed class NodeReader(NodeReader.ReadPart readTensor, NodeReader.ReadPart readGraph)
{
    public delegate object ReadPart(ReadOnlySpan<byte> message);

    /// <exception cref="ModelImportException">The operator is damaged, or has an attribute that is not supported.</exception>
    public ModelNode Read(ReadOnlySpan<byte> message)
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
                    var (attribute, value) = ReadAttribute(fields.Bytes);
                    attributes[attribute] = value;
                    break;
                case 7:
                    domain = Text(fields.Bytes) is "ai.onnx" ? "" : Text(fields.Bytes);
                    break;
            }
        }

        return new ModelNode(type, domain, [.. inputs], [.. outputs]) { Name = name, Attributes = attributes };
    }

    private (string Name, object Value) ReadAttribute(ReadOnlySpan<byte> message)
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
                    single = readTensor(fields.Bytes);
                    break;
                case 6:
                    single = readGraph(fields.Bytes);
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

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
