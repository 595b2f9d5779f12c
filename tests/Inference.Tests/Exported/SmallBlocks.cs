namespace Tollgate.Inference.Tests.Exported;

/// <summary>A matrix rounded to whole numbers as ONNX Runtime's quantizer does: a scale for each block of a row, and a zero point, or the
/// middle of the range.</summary>
internal sealed class SmallBlocks
{
    /// <param name="numbers">Rows of outputs.</param>
    /// <param name="scalesHalf">Whether scales are in half precision.</param>
    public SmallBlocks(float[] numbers, int rows, int columns, int bits, int block, bool hasZeros, bool scalesHalf = false)
    {
        (Rows, Columns, Bits, Block) = (rows, columns, bits, block);
        var blocks = (columns + block - 1) / block;
        var (most, centre) = ((1 << bits) - 1, 1 << (bits - 1));
        (Values, Scales) = (new byte[rows * blocks * block * bits / 8], new float[rows * blocks]);
        Zeros = new byte[rows * (((blocks * bits) + 7) / 8)];
        Numbers = new float[numbers.Length];
        for (var i = 0; i < rows * blocks; i++)
        {
            var (row, first) = (i / blocks, i % blocks * block);
            var source = numbers.AsSpan((row * columns) + first, Math.Min(block, columns - first));
            var (least, greatest) = (0f, 0f);
            foreach (var number in source)
            {
                (least, greatest) = (Math.Min(least, number), Math.Max(greatest, number));
            }

            var scale = hasZeros ? (greatest - least) / most : Math.Max(-least, greatest) / (centre - 1);
            Scales[i] = scale = scalesHalf ? (float)(Half)scale : scale;
            var zero = hasZeros ? (int)Math.Clamp(MathF.Round(-least / scale), 0, most) : centre;
            Put(Zeros, (row * Zeros.Length / rows * 8 / bits) + (i % blocks), zero);
            for (var k = 0; k < source.Length; k++)
            {
                var whole = (int)Math.Clamp(MathF.Round(source[k] / scale) + zero, 0, most);
                Put(Values, (i * block) + k, whole);
                Numbers[(row * columns) + first + k] = scale * (whole - zero);
            }
        }

        HasZeros = hasZeros;
    }

    public int Rows { get; }

    public int Columns { get; }

    public int Bits { get; }

    public int Block { get; }

    public bool HasZeros { get; }

    public byte[] Values { get; }

    public float[] Scales { get; }

    public byte[] Zeros { get; }

    /// <summary>What the blocks stand for.</summary>
    public float[] Numbers { get; }

    private void Put(byte[] bytes, int place, int whole)
    {
        if (Bits == 8)
        {
            bytes[place] = (byte)whole;
        }
        else
        {
            bytes[place / 2] |= (byte)(whole << (4 * (place % 2)));
        }
    }
}
