using System.Buffers.Binary;

namespace Tollgate.Inference.Gguf;

/// <summary>Blocks whose numbers are places in a small table, or one of three values.</summary>
internal static class TableBlocks
{
    /// <summary>What four bits stand for in IQ4_NL and IQ4_XS: closer together around zero.</summary>
    public static ReadOnlySpan<sbyte> Uneven => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>What four bits stand for in MXFP4: twice the floats of two exponent bits and one of mantissa.</summary>
    public static ReadOnlySpan<sbyte> FourBitFloats => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>A scale of MXFP4: 2^(exponent − 128), half of what the byte states, because the table is doubled.</summary>
    public static float HalfPower(byte exponent) =>
        BitConverter.UInt32BitsToSingle(exponent < 2 ? 0x0020_0000u << exponent : (uint)(exponent - 1) << 23);

    /// <summary>Low halves of the bytes are the first 16 numbers, high halves the last 16.</summary>
    public static void DecodeFourBits(ReadOnlySpan<byte> nibbles, float scale, ReadOnlySpan<sbyte> table, Span<float> numbers)
    {
        for (var i = 0; i < 16; i++)
        {
            numbers[i] = scale * table[nibbles[i] & 15];
            numbers[i + 16] = scale * table[nibbles[i] >> 4];
        }
    }

    /// <summary>The whole numbers that <see cref="DecodeFourBits"/> multiplies with a scale.</summary>
    public static void ReadFourBits(ReadOnlySpan<byte> nibbles, ReadOnlySpan<sbyte> table, Span<sbyte> wholes)
    {
        for (var i = 0; i < 16; i++)
        {
            wholes[i] = table[nibbles[i] & 15];
            wholes[i + 16] = table[nibbles[i] >> 4];
        }
    }

    /// <summary>IQ4_XS: eight runs of 32, each with a signed 6-bit scale.</summary>
    public static void DecodeScaledFourBits(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        for (var run = 0; run < 8; run++)
        {
            DecodeFourBits(block.Slice(8 + (run * 16), 16), RunScale(block, run), Uneven, numbers.Slice(run * 32, 32));
        }
    }

    /// <summary>The whole numbers of IQ4_XS, and the scale of each run.</summary>
    public static void ReadScaledFourBits(ReadOnlySpan<byte> block, Span<sbyte> wholes, Span<float> scales)
    {
        for (var run = 0; run < 8; run++)
        {
            scales[run] = RunScale(block, run);
            ReadFourBits(block.Slice(8 + (run * 16), 16), Uneven, wholes.Slice(run * 32, 32));
        }
    }

    private static float RunScale(ReadOnlySpan<byte> block, int run)
    {
        var low = (block[4 + (run / 2)] >> (run % 2 * 4)) & 15;
        var high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        return Dequantizer.ReadHalf(block) * ((low | (((high >> (run * 2)) & 3) << 4)) - 32);
    }

    /// <summary>TQ1_0: −1, 0 or 1 times the scale, five to a byte as digits of base 3, four to each of the last four bytes.</summary>
    public static void DecodePackedTernary(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block[52..]);
        DecodeDigits(block[..32], 5, scale, numbers);
        DecodeDigits(block.Slice(32, 16), 5, scale, numbers[160..]);
        DecodeDigits(block.Slice(48, 4), 4, scale, numbers[240..]);
    }

    /// <summary>TQ2_0: −1, 0 or 1 times the scale, two bits each.</summary>
    public static void DecodeTernary(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block[64..]);
        for (var i = 0; i < 256; i++)
        {
            var value = (block[(i / 128 * 32) + (i % 32)] >> (i % 128 / 32 * 2)) & 3;
            numbers[i] = scale * (value - 1);
        }
    }

    /// <summary>Q1_0: plus or minus the scale.</summary>
    public static void DecodeSigns(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block);
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = ((block[2 + (i / 8)] >> (i % 8)) & 1) != 0 ? scale : -scale;
        }
    }

    /// <summary>Q2_0: −1, 0, 1 or 2 times the scale, four to a byte.</summary>
    public static void DecodeFourSteps(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block);
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = scale * (((block[2 + (i / 4)] >> (i % 4 * 2)) & 3) - 1);
        }
    }

    /// <summary>The first digits of all bytes, then the second digits, and so on. A byte is the fraction of 256 whose digits after the
    /// point they are.</summary>
    private static void DecodeDigits(ReadOnlySpan<byte> packed, int digits, float scale, Span<float> numbers)
    {
        var shift = 1;
        for (var digit = 0; digit < digits; digit++, shift *= 3)
        {
            for (var i = 0; i < packed.Length; i++)
            {
                var value = ((byte)(packed[i] * shift) * 3) >> 8;
                numbers[(digit * packed.Length) + i] = scale * (value - 1);
            }
        }
    }
}
