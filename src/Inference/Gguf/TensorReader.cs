using System.Buffers;
using System.Numerics.Tensors;
using Microsoft.Win32.SafeHandles;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Gguf;

/// <summary>Reads tensors from files of weights, a piece at a time: beside the numbers themselves it holds at most about 1 MiB, or one
/// row.</summary>
internal static class TensorReader
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Reads and decodes a whole tensor.</summary>
    /// <param name="name">The tensor's name in the file, for errors.</param>
    /// <exception cref="ModelImportException">The file ends too early, or a number is not finite.</exception>
    public static float[] Read(SafeFileHandle file, GgufTensor tensor, string name)
    {
        var numbers = GC.AllocateUninitializedArray<float>(checked((int)tensor.Elements));
        var rowBytes = checked((int)tensor.Encoding.BytesFor(tensor.Columns));
        var rowsAtOnce = Math.Clamp(BufferBytes / rowBytes, 1, tensor.Rows);
        var buffer = ArrayPool<byte>.Shared.Rent(rowBytes * rowsAtOnce);
        try
        {
            for (var row = 0; row < tensor.Rows; row += rowsAtOnce)
            {
                var rows = Math.Min(rowsAtOnce, tensor.Rows - row);
                var bytes = buffer.AsSpan(0, rows * rowBytes);
                ReadFully(file, tensor.Start + ((long)row * rowBytes), bytes, name);
                var decoded = numbers.AsSpan(row * tensor.Columns, rows * tensor.Columns);
                Decode(tensor, name, bytes, decoded);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return numbers;
    }

    /// <summary>Decodes some rows.</summary>
    /// <exception cref="ModelImportException">A number is not finite.</exception>
    public static void Decode(GgufTensor tensor, string name, ReadOnlySpan<byte> bytes, Span<float> numbers)
    {
        Dequantizer.Decode(tensor.Encoding, bytes, numbers);
        if (!float.IsFinite(TensorPrimitives.MaxMagnitude<float>(numbers))) // not a number, if one is not
        {
            throw new ModelImportException($"The tensor '{name}' holds numbers that are not finite: the model is damaged.");
        }
    }

    /// <summary>Reads some rows as they are stored.</summary>
    /// <exception cref="ModelImportException">The file ends too early.</exception>
    public static byte[] ReadEncoded(SafeFileHandle file, GgufTensor tensor, int firstRow, int rows)
    {
        var rowBytes = tensor.Encoding.BytesFor(tensor.Columns);
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)(rows * rowBytes)));
        ReadFully(file, tensor.Start + (firstRow * rowBytes), bytes, tensor.Name);
        return bytes;
    }

    private static void ReadFully(SafeFileHandle file, long position, Span<byte> destination, string name)
    {
        while (destination.Length > 0)
        {
            var read = RandomAccess.Read(file, destination, position);
            if (read == 0)
            {
                throw new ModelImportException($"The file ends within the tensor '{name}': it is cut off.");
            }

            destination = destination[read..];
            position += read;
        }
    }
}
