using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Onnx;

/// <summary>A constant of an ONNX graph.</summary>
/// <param name="Type">Type of the numbers; the values of the enumeration are those of onnx.proto3.</param>
/// <param name="Shape">Empty for a single number.</param>
/// <param name="Data">The numbers, row-major and little-endian.</param>
internal sealed record OnnxTensor(TensorElementType Type, long[] Shape, ReadOnlyMemory<byte> Data)
{
    /// <summary>How many numbers it holds.</summary>
    public long Count => Shape.Aggregate(1L, (count, dimension) => count * dimension);

    public ReadOnlySpan<float> Floats => MemoryMarshal.Cast<byte, float>(Data.Span);

    public ReadOnlySpan<long> Longs => MemoryMarshal.Cast<byte, long>(Data.Span);

    public static OnnxTensor Of(ReadOnlySpan<float> numbers, params long[] shape) =>
        new(TensorElementType.Float, shape, MemoryMarshal.AsBytes(numbers).ToArray());

    public static OnnxTensor Of(ReadOnlySpan<long> numbers, params long[] shape) =>
        new(TensorElementType.Int64, shape, MemoryMarshal.AsBytes(numbers).ToArray());

    /// <summary>Bytes of one number.</summary>
    /// <exception cref="ModelImportException">Numbers of this type are not read.</exception>
    public static int SizeOf(TensorElementType type) => type switch
    {
        TensorElementType.UInt8 or TensorElementType.Int8 or TensorElementType.Bool => 1,
        TensorElementType.UInt16 or TensorElementType.Int16 or TensorElementType.Float16 or TensorElementType.BFloat16 => 2,
        TensorElementType.Float or TensorElementType.Int32 or TensorElementType.UInt32 => 4,
        TensorElementType.Double or TensorElementType.Int64 or TensorElementType.UInt64 => 8,
        _ => throw new ModelImportException($"The ONNX model has constants of the type {type}, which is not supported."),
    };

    /// <summary>Reads a TensorProto.</summary>
    /// <param name="folder">Folder of the model, where its file of weights lies; null for a model that must not have one.</param>
    /// <exception cref="ModelImportException">The tensor is damaged, or of a type that is not supported.</exception>
    public static (string Name, OnnxTensor Tensor) Read(ReadOnlySpan<byte> message, string? folder)
    {
        var head = TensorHead.Read(message);
        var type = (TensorElementType)head.Type;
        var bytes = head.Outside is not null ? ReadOutside(head.Outside, folder)
            : head.IsWritten ? ReadWritten(message, SizeOf(type))
            : head.Raw.ToArray();
        var tensor = new OnnxTensor(type, head.Shape, bytes);
        return tensor.Count * SizeOf(type) == bytes.Length
            ? (head.Name, tensor)
            : throw new ModelImportException($"The constant '{head.Name}' of the ONNX model has not the length that its shape states.");
    }

    private static byte[] ReadWritten(ReadOnlySpan<byte> message, int size)
    {
        var data = new List<byte>();
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 4 or 10:
                    data.AddRange(fields.Bytes);
                    break;
                case 5 or 7:
                    foreach (var number in Numbers(fields))
                    {
                        AddNumber(data, number, size);
                    }

                    break;
            }
        }

        return [.. data];
    }

    /// <summary>The whole numbers of a field, packed or single.</summary>
    public static long[] Numbers(ProtoReader field)
    {
        if (field.IsNumber)
        {
            return [(long)field.Number];
        }

        var numbers = new List<long>();
        for (var rest = field.Bytes; !rest.IsEmpty;)
        {
            numbers.Add((long)ProtoReader.FirstNumber(rest));
            var length = 1;
            while (rest[length - 1] >= 128)
            {
                length++;
            }

            rest = rest[length..];
        }

        return [.. numbers];
    }

    private static void AddNumber(List<byte> data, long number, int size)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        data.AddRange(bytes[..size]);
    }

    private static byte[] ReadOutside(IReadOnlyDictionary<string, string> place, string? folder)
    {
        var name = place.GetValueOrDefault("location") ?? "";
        if (folder is null || !ModelName.IsValid(name) || !File.Exists(Path.Combine(folder, name)))
        {
            throw new ModelImportException($"The file of weights '{name}' is not beside the model.");
        }

        using var file = File.OpenRead(Path.Combine(folder, name));
        var start = long.TryParse(place.GetValueOrDefault("offset"), out var offset) ? offset : 0;
        var length = long.TryParse(place.GetValueOrDefault("length"), out var stated) ? stated : file.Length - start;
        if (start < 0 || length < 0 || start + length > file.Length)
        {
            throw new ModelImportException($"The file of weights '{name}' is shorter than the model states.");
        }

        var bytes = new byte[length];
        file.Position = start;
        file.ReadExactly(bytes);
        return bytes;
    }
}
