using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Exported;

/// <summary>A matrix of whole numbers in blocks with one scale each: number = scale × (whole − zero point).</summary>
internal sealed class BlockedMatrix : ExportedMatrix
{
    private readonly BlockLayout _layout;
    private readonly ExportedConstant _values;
    private readonly ExportedConstant _scales;
    private readonly ExportedConstant? _zeros;

    /// <param name="zeros">Zero points, packed like the numbers, each row beginning with a byte; null: all are
    /// <see cref="BlockLayout.Zero"/>.</param>
    /// <param name="user">The operator in words, for errors.</param>
    /// <exception cref="ModelImportException">The constants do not fit together, or are of types that are not read.</exception>
    public BlockedMatrix(BlockLayout layout, ExportedConstant values, ExportedConstant scales, ExportedConstant? zeros, string user)
    {
        (_layout, _values, _scales, _zeros) = (layout, values, scales, zeros);
        Check(values, (long)layout.Rows * layout.RowBytes, user);
        if (zeros is not null)
        {
            var flat = (((long)layout.Rows * layout.RowBlocks * layout.Bits) + 7) / 8;
            Check(zeros, IsFlat(zeros) ? flat : (long)layout.Rows * layout.ZeroBytes, user);
        }

        if (!scales.Type.IsReal() || scales.Count != (long)layout.Rows * layout.RowBlocks)
        {
            throw new ModelImportException($"The scales '{scales.Name}' of {user} are {scales.Type} {scales.Size}; "
                + $"{layout.Rows} rows of {layout.RowBlocks} blocks were expected.");
        }

        var isRaised = zeros is not null ? HasOtherZeros(zeros) : layout.Zero != layout.Centre;
        Encoding = layout.Block % OnnxBlocks.Length != 0 || layout.Columns % layout.Block != 0 ? TensorEncoding.F32
            : layout.Bits == 4 ? isRaised ? TensorEncoding.Onnx4Raised : TensorEncoding.Onnx4
            : isRaised ? TensorEncoding.Onnx8Raised : TensorEncoding.Onnx8;
    }

    public override string Name => _values.Name;

    public override int Rows => _layout.Rows;

    public override int Columns => _layout.Columns;

    public override TensorEncoding Encoding { get; }

    public override bool IsRounded => true;

    public override IReadOnlyList<ExportedConstant> Constants => _zeros is null ? [_values, _scales] : [_values, _scales, _zeros];

    public override float[] Read(int firstRow, int rows)
    {
        var (values, scales, zeros) = Load(firstRow, rows);
        var numbers = new float[checked(rows * Columns)];
        Parallel.For(0, rows, row =>
        {
            for (var column = 0; column < Columns; column++)
            {
                var block = (row * _layout.RowBlocks) + (column / _layout.Block);
                numbers[(row * Columns) + column] = scales[block] * (Whole(values, row, column) - zeros[block]);
            }
        });
        return numbers;
    }

    public override byte[]? ReadEncoded(int firstRow, int rows)
    {
        if (Encoding == TensorEncoding.F32)
        {
            return null;
        }

        var (values, scales, zeros) = Load(firstRow, rows);
        var (blockBytes, runs, runBytes) = (Encoding.BlockBytes(), Columns / OnnxBlocks.Length, OnnxBlocks.Length * _layout.Bits / 8);
        var isRaised = Encoding is TensorEncoding.Onnx4Raised or TensorEncoding.Onnx8Raised;
        var blocks = new byte[checked(rows * runs * blockBytes)];
        Parallel.For(0, rows, row =>
        {
            for (var run = 0; run < runs; run++)
            {
                var target = blocks.AsSpan(((row * runs) + run) * blockBytes, blockBytes);
                var block = (row * _layout.RowBlocks) + (run * OnnxBlocks.Length / _layout.Block);
                var head = OnnxBlocks.WriteHead(
                    target, scales[block], isRaised ? scales[block] * (_layout.Centre - zeros[block]) : null);
                var bytes = values.AsSpan((row * _layout.RowBytes) + (run * runBytes), runBytes);
                for (var i = 0; i < runBytes; i++)
                {
                    target[head + i] = (byte)(bytes[i] ^ _layout.Flip);
                }
            }
        });
        return blocks;
    }

    /// <summary>Whole numbers as stored, scales and zero points of some rows; the zero points as of numbers without sign.</summary>
    private (byte[] Values, float[] Scales, int[] Zeros) Load(int firstRow, int rows)
    {
        var values = _values.ReadBytes((long)firstRow * _layout.RowBytes, (long)rows * _layout.RowBytes);
        var scales = _scales.ReadReals((long)firstRow * _layout.RowBlocks, rows * _layout.RowBlocks);
        var zeros = new int[scales.Length];
        if (_zeros is null)
        {
            Array.Fill(zeros, _layout.Zero);
            return (values, scales, zeros);
        }

        // Of numbers of 4 bits each row begins with a byte, but where the type itself has 4 bits.
        var (rowBits, first) = IsFlat(_zeros) ? (_layout.RowBlocks * _layout.Bits, (long)firstRow * _layout.RowBlocks * _layout.Bits)
            : (8 * _layout.ZeroBytes, 8L * firstRow * _layout.ZeroBytes);
        var packed = _zeros.ReadBytes(first / 8, ((first + ((long)rows * rowBits) + 7) / 8) - (first / 8));
        for (var i = 0; i < zeros.Length; i++)
        {
            var bit = (first % 8) + ((long)(i / _layout.RowBlocks) * rowBits) + (i % _layout.RowBlocks * _layout.Bits);
            zeros[i] = _layout.Pick((byte)(packed[bit / 8] ^ _layout.Flip), (int)(bit % 8) / 4);
        }

        return (values, scales, zeros);
    }

    private int Whole(byte[] values, int row, int column) =>
        _layout.Pick((byte)(values[(row * _layout.RowBytes) + (column * _layout.Bits / 8)] ^ _layout.Flip), column);

    private bool HasOtherZeros(ExportedConstant zeros)
    {
        const int Piece = 1 << 20;
        var centre = (byte)((_layout.Bits == 4 ? 0x88 : 0x80) ^ _layout.Flip);
        for (var at = 0L; at < zeros.Bytes; at += Piece)
        {
            if (zeros.ReadBytes(at, Math.Min(Piece, zeros.Bytes - at)).AsSpan().ContainsAnyExcept(centre))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsFlat(ExportedConstant zeros) => zeros.Type.Bits() == 4;

    private static void Check(ExportedConstant constant, long bytes, string user)
    {
        if (constant.Type is not (ExportedType.UInt8 or ExportedType.Int8 or ExportedType.UInt4 or ExportedType.Int4))
        {
            throw new ModelImportException($"'{constant.Name}' of {user} is stored as {constant.Type}, which is not read there.");
        }

        if (constant.Bytes != bytes)
        {
            throw new ModelImportException(
                $"'{constant.Name}' of {user} is {constant.Type} {constant.Size}, {constant.Bytes} bytes; {bytes} were expected.");
        }
    }
}

/// <summary>How the whole numbers of a matrix lie.</summary>
/// <param name="Bits">4 or 8.</param>
/// <param name="Block">Numbers of a row that share a scale.</param>
/// <param name="IsPadded">Whether the last block of a row is whole, whatever the columns.</param>
/// <param name="IsSigned">Whether stored numbers have a sign, two's complement.</param>
internal sealed record BlockLayout(int Rows, int Columns, int Bits, int Block, bool IsPadded, bool IsSigned)
{
    /// <summary>Zero point where none is stored, of numbers without sign.</summary>
    public required int Zero { get; init; }

    public int Centre => OnnxBlocks.Centre(Bits);

    public int RowBlocks => (Columns + Block - 1) / Block;

    public int RowBytes => ((IsPadded ? RowBlocks * Block : Columns) * Bits / 8) + ((IsPadded ? 0 : Columns % 2) * (Bits == 4 ? 1 : 0));

    public int ZeroBytes => ((RowBlocks * Bits) + 7) / 8;

    /// <summary>What turns stored bytes into those of numbers without sign.</summary>
    public byte Flip => IsSigned ? (byte)(Bits == 4 ? 0x88 : 0x80) : (byte)0;

    /// <summary>The number of a byte at a place of its row.</summary>
    public int Pick(byte packed, int place) => Bits == 8 ? packed : (packed >> (4 * (place % 2))) & 15;
}
