using System.Buffers.Binary;

namespace Tollgate.Inference.Gguf;

/// <summary>Blocks of 256 numbers in which each run of 16 or 32 has a small scale of its own, itself scaled by the block's ("K"
/// types).</summary>
internal static class SuperBlocks
{
    /// <summary>Q2_K: sixteen runs of 16, each with a 4-bit scale and a 4-bit minimum.</summary>
    public static void DecodeTwoBits(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block[80..]);
        var minimum = Dequantizer.ReadHalf(block[82..]);
        for (var i = 0; i < 256; i++)
        {
            var run = block[i / 16];
            numbers[i] = (scale * (run & 15) * TwoBits(block.Slice(16, 64), i)) - (minimum * (run >> 4));
        }
    }

    /// <summary>The whole numbers of Q2_K, and the scale and minimum of each run.</summary>
    public static void ReadTwoBits(ReadOnlySpan<byte> block, Span<sbyte> wholes, Span<float> scales, Span<float> minima)
    {
        var scale = Dequantizer.ReadHalf(block[80..]);
        var minimum = Dequantizer.ReadHalf(block[82..]);
        for (var run = 0; run < 16; run++)
        {
            (scales[run], minima[run]) = (scale * (block[run] & 15), -(minimum * (block[run] >> 4)));
        }

        for (var i = 0; i < 256; i++)
        {
            wholes[i] = (sbyte)TwoBits(block.Slice(16, 64), i);
        }
    }

    /// <summary>Q3_K: sixteen runs of 16, each with a signed 6-bit scale; the third bits lie in a mask of their own.</summary>
    public static void DecodeThreeBits(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        Span<sbyte> wholes = stackalloc sbyte[256];
        Span<float> scales = stackalloc float[16];
        ReadThreeBits(block, wholes, scales);
        for (var i = 0; i < 256; i++)
        {
            numbers[i] = scales[i / 16] * wholes[i];
        }
    }

    /// <summary>The whole numbers of Q3_K, and the scale of each run.</summary>
    public static void ReadThreeBits(ReadOnlySpan<byte> block, Span<sbyte> wholes, Span<float> scales)
    {
        var scale = Dequantizer.ReadHalf(block[108..]);
        var packed = block.Slice(96, 12);
        for (var run = 0; run < 16; run++)
        {
            var low = run < 8 ? packed[run] & 15 : packed[run - 8] >> 4;
            scales[run] = scale * ((low | (((packed[8 + (run % 4)] >> (run / 4 * 2)) & 3) << 4)) - 32);
        }

        for (var i = 0; i < 256; i++)
        {
            var high = (block[i % 32] >> (i / 32)) & 1;
            wholes[i] = (sbyte)(TwoBits(block.Slice(32, 64), i) - (high == 0 ? 4 : 0));
        }
    }

    /// <summary>Q4_K and Q5_K: eight runs of 32, each with a 6-bit scale and minimum.</summary>
    public static void DecodeFourOrFiveBits(
        ReadOnlySpan<byte> block, ReadOnlySpan<byte> highBits, ReadOnlySpan<byte> nibbles, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block);
        var minimum = Dequantizer.ReadHalf(block[2..]);
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

    /// <summary>Q6_K: sixteen runs of 16, each with a signed 8-bit scale.</summary>
    public static void DecodeSixBits(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block[208..]);
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

    /// <summary>Q8_K: one scale in single precision for all 256.</summary>
    public static void DecodeEightBits(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = BinaryPrimitives.ReadSingleLittleEndian(block);
        for (var i = 0; i < 256; i++)
        {
            numbers[i] = scale * (sbyte)block[4 + i];
        }
    }

    /// <summary>Number <paramref name="i"/> of two bits: a byte holds four that lie 32 apart.</summary>
    private static int TwoBits(ReadOnlySpan<byte> packed, int i) =>
        (packed[(i / 128 * 32) + (i % 32)] >> (i % 128 / 32 * 2)) & 3;
}
