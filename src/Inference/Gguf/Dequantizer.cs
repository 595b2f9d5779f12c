using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Tollgate.Inference.Gguf;

/// <summary>Turns the block formats of GGUF into float32. The formulas are those of
/// the format: <c>scale × integer (+ minimum)</c>.</summary>
internal static class Dequantizer
{
    /// <summary>Decodes whole blocks.</summary>
    /// <exception cref="ArgumentException">The lengths do not describe the same blocks.</exception>
    public static void Decode(TensorEncoding encoding, ReadOnlySpan<byte> source, Span<float> destination)
    {
        var length = encoding.BlockLength();
        var bytes = encoding.BlockBytes();
        if (destination.Length % length != 0 || source.Length != destination.Length / length * bytes)
        {
            throw new ArgumentException("Source and destination hold different numbers of blocks.", nameof(source));
        }

        switch (encoding)
        {
            case TensorEncoding.F32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(destination);
                return;
            case TensorEncoding.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                return;
            case TensorEncoding.BF16:
                DecodeBFloat16(MemoryMarshal.Cast<byte, ushort>(source), destination);
                return;
        }

        for (var at = 0; at < destination.Length; at += length)
        {
            var block = source[..bytes];
            source = source[bytes..];
            DecodeBlock(encoding, block, destination.Slice(at, length));
        }
    }

    private static void DecodeBlock(TensorEncoding encoding, ReadOnlySpan<byte> block, Span<float> numbers)
    {
        switch (encoding)
        {
            case TensorEncoding.Q8_0:
                DecodeEightBits(block, numbers);
                break;
            case TensorEncoding.Q4_0:
                DecodeNibbles(block[2..], ReadHalf(block), -8 * ReadHalf(block), numbers);
                break;
            case TensorEncoding.Q4_1:
                DecodeNibbles(block[4..], ReadHalf(block), ReadHalf(block[2..]), numbers);
                break;
            case TensorEncoding.Q5_0:
                DecodeFiveBits(block[2..], ReadHalf(block), -16 * ReadHalf(block), numbers);
                break;
            case TensorEncoding.Q5_1:
                DecodeFiveBits(block[4..], ReadHalf(block), ReadHalf(block[2..]), numbers);
                break;
            case TensorEncoding.Q4_K:
                DecodeSuperBlock(block, highBits: default, block[16..], numbers);
                break;
            case TensorEncoding.Q5_K:
                DecodeSuperBlock(block, block.Slice(16, 32), block[48..], numbers);
                break;
            case TensorEncoding.Q6_K:
                DecodeSixBits(block, numbers);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(encoding));
        }
    }

    private static void DecodeBFloat16(ReadOnlySpan<ushort> source, Span<float> numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
        }
    }

    private static void DecodeEightBits(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = ReadHalf(block);
        for (var i = 0; i < 32; i++)
        {
            numbers[i] = scale * (sbyte)block[2 + i];
        }
    }

    /// <summary>Low halves of the bytes are the first 16 numbers, high halves the last 16.</summary>
    private static void DecodeNibbles(ReadOnlySpan<byte> nibbles, float scale, float minimum, Span<float> numbers)
    {
        for (var i = 0; i < 16; i++)
        {
            numbers[i] = (scale * (nibbles[i] & 15)) + minimum;
            numbers[i + 16] = (scale * (nibbles[i] >> 4)) + minimum;
        }
    }

    /// <summary>As <see cref="DecodeNibbles"/>, the fifth bits in one 32-bit word before them.</summary>
    private static void DecodeFiveBits(ReadOnlySpan<byte> block, float scale, float minimum, Span<float> numbers)
    {
        var high = BinaryPrimitives.ReadUInt32LittleEndian(block);
        for (var i = 0; i < 16; i++)
        {
            var low = block[4 + i];
            numbers[i] = (scale * ((low & 15) | ((int)((high >> i) & 1) << 4))) + minimum;
            numbers[i + 16] = (scale * ((low >> 4) | ((int)((high >> (i + 16)) & 1) << 4))) + minimum;
        }
    }

    /// <summary>Eight runs of 32 numbers, each with a 6-bit scale and minimum of its own (Q4_K, Q5_K).</summary>
    private static void DecodeSuperBlock(
        ReadOnlySpan<byte> block, ReadOnlySpan<byte> highBits, ReadOnlySpan<byte> nibbles, Span<float> numbers)
    {
        var scale = ReadHalf(block);
        var minimum = ReadHalf(block[2..]);
        var packed = block.Slice(4, 12);
        for (var run = 0; run < 8; run++)
        {
            var (runScale, runMinimum) = run < 4
                ? (packed[run] & 63, packed[run + 4] & 63)
                : ((packed[run + 4] & 15) | ((packed[run - 4] >> 6) << 4), (packed[run + 4] >> 4) | ((packed[run] >> 6) << 4));
            for (var i = 0; i < 32; i++)
            {
                var pair = nibbles[(run / 2 * 32) + i];
                var value = (run & 1) == 0 ? pair & 15 : pair >> 4;
                if (!highBits.IsEmpty)
                {
                    value |= ((highBits[i] >> run) & 1) << 4;
                }

                numbers[(run * 32) + i] = (scale * runScale * value) - (minimum * runMinimum);
            }
        }
    }

    private static void DecodeSixBits(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = ReadHalf(block[208..]);
        for (var half = 0; half < 2; half++)
        {
            var low = block.Slice(half * 64, 64);
            var high = block.Slice(128 + (half * 32), 32);
            var scales = block.Slice(192 + (half * 8), 8);
            var target = numbers.Slice(half * 128, 128);
            for (var i = 0; i < 128; i++)
            {
                var quarter = i / 32;
                var bits = quarter < 2 ? low[i] & 15 : low[i - 64] >> 4;
                var value = (bits | (((high[i % 32] >> (quarter * 2)) & 3) << 4)) - 32;
                target[i] = scale * (sbyte)scales[i / 16] * value;
            }
        }
    }

    private static float ReadHalf(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);
}
