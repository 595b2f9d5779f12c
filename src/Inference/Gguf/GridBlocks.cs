using System.Buffers.Binary;
using System.Numerics;

namespace Tollgate.Inference.Gguf;

/// <summary>Blocks of 256 whose numbers come in groups of four or eight from a grid of such groups (IQ1, IQ2 and IQ3).</summary>
internal static class GridBlocks
{
    private static readonly float[] Pairs = [8, 25, 43, 0];
    private static readonly float[] Steps = [4, 12, 20, 28, 36, 44, 52, 62];
    private static readonly float[] Odds = [1, 3, 5, 7, 9, 11, 13, 15];
    private static readonly float[] Thirds = [-1, 0, 1, 0];

    private static readonly Lazy<Grids> Tables = new(Read);

    /// <summary>IQ2_XXS: runs of 32 with a 4-bit scale; seven sign bits for each eight numbers.</summary>
    public static void DecodeIq2Xxs(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block);
        for (var run = 0; run < 8; run++)
        {
            var indexes = block.Slice(2 + (run * 8), 4);
            var rest = BinaryPrimitives.ReadUInt32LittleEndian(block[(6 + (run * 8))..]);
            var runScale = scale * (0.5f + (rest >> 28)) * 0.25f;
            for (var group = 0; group < 4; group++)
            {
                Put(Tables.Value.Iq2Xxs, indexes[group], runScale, Signs(rest >> (7 * group)), numbers[((run * 32) + (group * 8))..]);
            }
        }
    }

    /// <summary>IQ2_XS: runs of 16 with a 4-bit scale; nine bits of place and seven of signs for each eight numbers.</summary>
    public static void DecodeIq2Xs(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block);
        for (var group = 0; group < 32; group++)
        {
            var packed = BinaryPrimitives.ReadUInt16LittleEndian(block[(2 + (group * 2))..]);
            var runScale = scale * (0.5f + Nibble(block[66..], group / 2)) * 0.25f;
            Put(Tables.Value.Iq2Xs, packed & 511, runScale, Signs((uint)packed >> 9), numbers[(group * 8)..]);
        }
    }

    /// <summary>IQ2_S: as <see cref="DecodeIq2Xs"/>, with ten bits of place and eight of signs.</summary>
    public static void DecodeIq2S(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block);
        for (var group = 0; group < 32; group++)
        {
            var place = block[2 + group] | (((block[66 + (group / 4)] >> (group % 4 * 2)) & 3) << 8);
            var runScale = scale * (0.5f + Nibble(block[74..], group / 2)) * 0.25f;
            Put(Tables.Value.Iq2S, place, runScale, block[34 + group], numbers[(group * 8)..]);
        }
    }

    /// <summary>IQ3_XXS: runs of 32 with a 4-bit scale; two places of four numbers and seven sign bits for each eight.</summary>
    public static void DecodeIq3Xxs(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block);
        for (var group = 0; group < 32; group++)
        {
            var rest = BinaryPrimitives.ReadUInt32LittleEndian(block[(66 + (group / 4 * 4))..]);
            var runScale = scale * (0.5f + (rest >> 28)) * 0.5f;
            var signs = Signs(rest >> (7 * (group % 4)));
            Put(Tables.Value.Iq3Xxs, block[2 + (group * 2)], runScale, signs, numbers[(group * 8)..]);
            Put(Tables.Value.Iq3Xxs, block[3 + (group * 2)], runScale, signs >> 4, numbers[((group * 8) + 4)..]);
        }
    }

    /// <summary>IQ3_S: as <see cref="DecodeIq3Xxs"/>, with nine bits of place and eight of signs.</summary>
    public static void DecodeIq3S(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block);
        for (var half = 0; half < 64; half++)
        {
            var place = block[2 + half] | (((block[66 + (half / 8)] >> (half % 8)) & 1) << 8);
            var runScale = scale * (1 + (2 * Nibble(block[106..], half / 8)));
            Put(Tables.Value.Iq3S, place, runScale, block[74 + (half / 2)] >> (half % 2 * 4), numbers[(half * 4)..]);
        }
    }

    /// <summary>IQ1_S: −1, 0 or 1 and an eighth up or down, by groups of eight; runs of 32 with a 3-bit scale.</summary>
    public static void DecodeIq1S(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Dequantizer.ReadHalf(block);
        for (var group = 0; group < 32; group++)
        {
            var high = BinaryPrimitives.ReadUInt16LittleEndian(block[(34 + (group / 4 * 2))..]);
            var place = block[2 + group] | (((high >> (group % 4 * 3)) & 7) << 8);
            Shift(place, scale * ((2 * ((high >> 12) & 7)) + 1), down: (high & 0x8000) != 0, numbers[(group * 8)..]);
        }
    }

    /// <summary>IQ1_M: as <see cref="DecodeIq1S"/>, with runs of 16 and a shift for each eight; the block's scale lies in the high bits of
    /// the runs' scales.</summary>
    public static void DecodeIq1M(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        Span<ushort> words = stackalloc ushort[4];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt16LittleEndian(block[(48 + (i * 2))..]);
        }

        var scale = (float)BitConverter.UInt16BitsToHalf(
            (ushort)((words[0] >> 12) | ((words[1] >> 8) & 0xF0) | ((words[2] >> 4) & 0xF00) | (words[3] & 0xF000)));
        for (var group = 0; group < 32; group++)
        {
            var high = block[32 + (group / 2)] >> (group % 2 * 4);
            var run = group / 2;
            var runScale = scale * ((2 * ((words[run / 4] >> (run % 4 * 3)) & 7)) + 1);
            Shift(block[group] | ((high & 7) << 8), runScale, down: (high & 8) != 0, numbers[(group * 8)..]);
        }
    }

    private static void Put((float[] Numbers, int Width) grid, int place, float scale, int signs, Span<float> numbers)
    {
        for (var i = 0; i < grid.Width; i++)
        {
            var number = scale * grid.Numbers[(place * grid.Width) + i];
            numbers[i] = ((signs >> i) & 1) == 0 ? number : -number;
        }
    }

    private static void Shift(int place, float scale, bool down, Span<float> numbers)
    {
        var grid = Tables.Value.Iq1.Numbers;
        for (var i = 0; i < 8; i++)
        {
            numbers[i] = scale * (grid[(place * 8) + i] + (down ? -0.125f : 0.125f));
        }
    }

    /// <summary>Seven signs, and an eighth that makes the number of minus signs even.</summary>
    private static int Signs(uint packed)
    {
        var seven = packed & 127;
        return (int)(seven | ((uint)(BitOperations.PopCount(seven) & 1) << 7));
    }

    private static int Nibble(ReadOnlySpan<byte> packed, int i) => (packed[i / 2] >> (i % 2 * 4)) & 15;

    /// <summary>The grids lie one behind the other, a group in two bytes: two or three bits a number, the first number lowest.</summary>
    private static Grids Read()
    {
        using var stream = typeof(GridBlocks).Assembly.GetManifestResourceStream("grids.bin")!;
        using var reader = new BinaryReader(stream);
        return new Grids(
            Next(256, Pairs, 8), Next(512, Pairs, 8), Next(1024, Pairs, 8), Next(256, Steps, 4), Next(512, Odds, 4), Next(2048, Thirds, 8));

        (float[] Numbers, int Width) Next(int groups, float[] values, int width)
        {
            var numbers = new float[groups * width];
            for (var group = 0; group < groups; group++)
            {
                var packed = (int)reader.ReadUInt16();
                for (var i = 0; i < width; i++)
                {
                    numbers[(group * width) + i] = values[packed % values.Length];
                    packed /= values.Length;
                }
            }

            return (numbers, width);
        }
    }

    private sealed record Grids(
        (float[] Numbers, int Width) Iq2Xxs,
        (float[] Numbers, int Width) Iq2Xs,
        (float[] Numbers, int Width) Iq2S,
        (float[] Numbers, int Width) Iq3Xxs,
        (float[] Numbers, int Width) Iq3S,
        (float[] Numbers, int Width) Iq1);
}
