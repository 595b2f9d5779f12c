using System.Text;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Onnx;

/// <summary>What a TensorProto states of a constant, its numbers left where they are.</summary>
internal readonly ref struct TensorHead
{
    private TensorHead(string name, ulong type, long[] shape)
    {
        (Name, Type, Shape) = (name, type, shape);
    }

    public string Name { get; }

    /// <summary>Number of the type in onnx.proto3.</summary>
    public ulong Type { get; }

    public long[] Shape { get; }

    /// <summary>The numbers as raw bytes; empty where they are stored in another way.</summary>
    public ReadOnlySpan<byte> Raw { get; private init; }

    /// <summary>Whether numbers are written one by one.</summary>
    public bool IsWritten { get; private init; }

    /// <summary>Place of the numbers in a file beside the graph, by <c>location</c>, <c>offset</c> and <c>length</c>; null where they are
    /// in the graph.</summary>
    public IReadOnlyDictionary<string, string>? Outside { get; private init; }

    /// <exception cref="ModelImportException">The tensor is damaged, or has fields that are not supported.</exception>
    public static TensorHead Read(ReadOnlySpan<byte> message)
    {
        var (name, type, shape, isWritten) = ("", 0UL, new List<long>(), false);
        ReadOnlySpan<byte> raw = default;
        Dictionary<string, string>? outside = null;
        var fields = new ProtoReader(message);
        while (OnnxFields.Tensor.Next(ref fields))
        {
            switch (fields.Field)
            {
                case 1:
                    shape.AddRange(OnnxTensor.Numbers(fields));
                    break;
                case 2:
                    type = fields.Number;
                    break;
                case 8:
                    name = Text(fields.Bytes);
                    break;
                case 9:
                    raw = fields.Bytes;
                    break;
                case 13:
                    (outside ??= new(StringComparer.Ordinal))[Text(ProtoReader.Find(fields.Bytes, 1))] =
                        Text(ProtoReader.Find(fields.Bytes, 2));
                    break;
                case 4 or 5 or 6 or 7 or 10 or 11:
                    isWritten = true;
                    break;
            }
        }

        return new TensorHead(name, type, [.. shape]) { Raw = raw, IsWritten = isWritten, Outside = outside };
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
