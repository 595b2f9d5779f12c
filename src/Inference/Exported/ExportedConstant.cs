using Microsoft.Win32.SafeHandles;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Exported;

/// <summary>A constant of an exported graph. Its numbers stay in their file, or are held where there are few. Safe for concurrent
/// reads.</summary>
/// <param name="Shape">Sizes, the slowest first; their product fits an <see cref="int"/>.</param>
internal sealed record ExportedConstant(string Name, ExportedType Type, IReadOnlyList<int> Shape)
{
    /// <summary>The file that holds the numbers; null where they are held.</summary>
    public SafeFileHandle? File { get; init; }

    /// <summary>Byte position in the file.</summary>
    public long Start { get; init; }

    public ReadOnlyMemory<byte> Held { get; init; }

    public int Count => Shape.Aggregate(1, (count, size) => count * size);

    public long Bytes => (((long)Count * Type.Bits()) + 7) / 8;

    /// <summary>The shape in words, such as <c>[32, 64]</c>.</summary>
    public string Size => $"[{string.Join(", ", Shape)}]";

    /// <summary>Reads bytes from a position within the constant.</summary>
    /// <exception cref="ModelImportException">The file ends too early.</exception>
    public byte[] ReadBytes(long first, long count)
    {
        if (File is null)
        {
            return Held.Slice((int)first, (int)count).ToArray();
        }

        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)count));
        for (var read = 0; read < bytes.Length;)
        {
            var more = RandomAccess.Read(File, bytes.AsSpan(read), Start + first + read);
            read += more > 0 ? more : throw new ModelImportException($"The file ends within the constant '{Name}': it is cut off.");
        }

        return bytes;
    }

    /// <summary>Reads real numbers from a position within the constant.</summary>
    /// <exception cref="ModelImportException">The file ends too early, or a number is not finite.</exception>
    public float[] ReadReals(long first, int count)
    {
        var width = Type.Bits() / 8;
        if (File is not null)
        {
            return TensorReader.Read(File, new GgufTensor(Name, count, Rows: 1, Encoding, Start + (first * width)), Name);
        }

        var numbers = new float[count];
        Dequantizer.Decode(Encoding, Held.Span.Slice((int)first * width, count * width), numbers);
        return Array.TrueForAll(numbers, float.IsFinite) ? numbers
            : throw new ModelImportException($"The constant '{Name}' holds numbers that are not finite: the model is damaged.");
    }

    private TensorEncoding Encoding => Type switch
    {
        ExportedType.Float32 => TensorEncoding.F32,
        ExportedType.Float16 => TensorEncoding.F16,
        ExportedType.BFloat16 => TensorEncoding.BF16,
        ExportedType.Float64 => TensorEncoding.F64,
        _ => throw new ModelImportException($"The constant '{Name}' is stored as {Type}, not as real numbers."),
    };
}
