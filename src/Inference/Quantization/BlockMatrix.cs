namespace Tollgate.Inference.Quantization;

/// <summary>A matrix whose rows are blocks of whole numbers with one scale each, as ONNX Runtime's <c>MatMulNBits</c> and
/// <c>GatherBlockQuantized</c> hold it: number = scale × (stored − 2^(bits − 1)). What the minima add, a graph adds itself.</summary>
/// <param name="Columns">A multiple of <see cref="BlockForm.Longest"/>.</param>
/// <param name="Values"><c>[Rows, Columns × bits / 8]</c>; of 4 bits the low half of a byte is the number before that of the high
/// half.</param>
/// <param name="Scales"><c>[Rows, RowBlocks]</c>.</param>
/// <param name="Minima"><c>[Rows, RowBlocks]</c>, what is added to each number of the block; null where the form has none.</param>
internal sealed record BlockMatrix(BlockForm Form, int Rows, int Columns, byte[] Values, float[] Scales, float[]? Minima)
{
    public int RowBytes => Columns * Form.Bits / 8;

    public int RowBlocks => Columns / Form.Length;

    /// <summary>An empty matrix; every number is 0.</summary>
    /// <exception cref="ArgumentException">The columns are no whole blocks.</exception>
    public static BlockMatrix Make(BlockForm form, int rows, int columns)
    {
        if (columns % BlockForm.Longest != 0)
        {
            throw new ArgumentException($"{columns} columns are no whole blocks of {BlockForm.Longest}.", nameof(columns));
        }

        var values = GC.AllocateUninitializedArray<byte>(checked((int)((long)rows * columns * form.Bits / 8)));
        Array.Fill(values, form.Bits == 8 ? (byte)0x80 : (byte)0x88);
        var blocks = (long)rows * columns / form.Length;
        return new BlockMatrix(form, rows, columns, values, new float[blocks], form.HasMinima ? new float[blocks] : null);
    }

    /// <summary>Matrices of the same form and columns, one below the other.</summary>
    public static BlockMatrix Stack(params ReadOnlySpan<BlockMatrix> parts)
    {
        var rows = 0;
        foreach (var part in parts)
        {
            rows += part.Rows;
        }

        var stacked = Make(parts[0].Form, rows, parts[0].Columns);
        var (value, scale) = (0, 0);
        foreach (var part in parts)
        {
            if (part.Form != stacked.Form || part.Columns != stacked.Columns)
            {
                throw new ArgumentException("The parts differ in form or columns.", nameof(parts));
            }

            part.Values.CopyTo(stacked.Values, value);
            part.Scales.CopyTo(stacked.Scales, scale);
            part.Minima?.CopyTo(stacked.Minima!, scale);
            (value, scale) = (value + part.Values.Length, scale + part.Scales.Length);
        }

        return stacked;
    }

    /// <summary>The rows in another order.</summary>
    /// <param name="sources">For each new row the old one; −1 for a row of zeros.</param>
    public BlockMatrix Arrange(ReadOnlySpan<int> sources)
    {
        var arranged = Make(Form, sources.Length, Columns);
        for (var row = 0; row < sources.Length; row++)
        {
            if (sources[row] >= 0)
            {
                Values.AsSpan(sources[row] * RowBytes, RowBytes).CopyTo(arranged.Values.AsSpan(row * RowBytes));
                var blocks = sources[row] * RowBlocks;
                Scales.AsSpan(blocks, RowBlocks).CopyTo(arranged.Scales.AsSpan(row * RowBlocks));
                Minima?.AsSpan(blocks, RowBlocks).CopyTo(arranged.Minima.AsSpan(row * RowBlocks));
            }
        }

        return arranged;
    }

    /// <summary>The numbers of a row.</summary>
    public float[] Row(int index)
    {
        var numbers = new float[Columns];
        var bytes = Values.AsSpan(index * RowBytes, RowBytes);
        for (var i = 0; i < numbers.Length; i++)
        {
            var stored = Form.Bits == 8 ? bytes[i] - 128 : ((bytes[i / 2] >> (4 * (i % 2))) & 15) - 8;
            var block = (index * RowBlocks) + (i / Form.Length);
            numbers[i] = (Scales[block] * stored) + (Minima?[block] ?? 0);
        }

        return numbers;
    }
}
