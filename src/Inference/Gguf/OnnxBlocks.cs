using System.Buffers.Binary;

namespace Tollgate.Inference.Gguf;

/// <summary>Blocks of 32 numbers as ONNX's exporters make them, each with its scale, and with its minimum where it is raised, before
/// it.</summary>
internal static class OnnxBlocks
{
    /// <summary>Numbers of a block.</summary>
    public const int Length = 32;

    /// <summary>The number that stands for 0.</summary>
    public static int Centre(int bits) => 1 << (bits - 1);

    /// <summary>Writes scale and minimum of a block; the numbers follow them.</summary>
    /// <returns>Where the numbers begin.</returns>
    public static int WriteHead(Span<byte> block, float scale, float? minimum)
    {
        BinaryPrimitives.WriteSingleLittleEndian(block, scale);
        if (minimum is not { } raised)
        {
            return sizeof(float);
        }

        BinaryPrimitives.WriteSingleLittleEndian(block[sizeof(float)..], raised);
        return 2 * sizeof(float);
    }

    public static void Decode(ReadOnlySpan<byte> block, int bits, bool isRaised, Span<float> numbers)
    {
        Span<sbyte> wholes = stackalloc sbyte[Length];
        var (scale, minimum) = Read(block, bits, isRaised, wholes);
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (scale * wholes[i]) + minimum;
        }
    }

    /// <param name="wholes">Receives the numbers less the one that stands for 0.</param>
    public static (float Scale, float Minimum) Read(ReadOnlySpan<byte> block, int bits, bool isRaised, Span<sbyte> wholes)
    {
        var numbers = block[(isRaised ? 2 * sizeof(float) : sizeof(float))..];
        for (var i = 0; i < Length; i++)
        {
            wholes[i] = bits == 8 ? (sbyte)(numbers[i] - 128) : (sbyte)(((numbers[i / 2] >> (4 * (i % 2))) & 15) - 8);
        }

        return (
            BinaryPrimitives.ReadSingleLittleEndian(block),
            isRaised ? BinaryPrimitives.ReadSingleLittleEndian(block[sizeof(float)..]) : 0);
    }
}
