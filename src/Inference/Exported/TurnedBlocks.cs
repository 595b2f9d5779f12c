using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Exported;

/// <summary>Whole numbers in blocks down the columns, rows being inputs. They are not kept: a block's numbers do not lie
/// together.</summary>
internal sealed class TurnedBlocks : ExportedMatrix
{
    private readonly BlockLayout _layout;
    private readonly ExportedConstant _values;
    private readonly ExportedConstant _scales;
    private readonly ExportedConstant? _zeros;

    /// <param name="layout">Its rows are outputs.</param>
    /// <param name="zeros">Packed like the numbers; null: all are the layout's.</param>
    /// <param name="user">The operator in words, for errors.</param>
    /// <exception cref="ModelImportException">The constants do not fit together.</exception>
    public TurnedBlocks(BlockLayout layout, ExportedConstant values, ExportedConstant scales, ExportedConstant? zeros, string user)
    {
        (_layout, _values, _scales, _zeros) = (layout, values, scales, zeros);
        var blocks = (long)layout.RowBlocks * layout.Rows;
        if (!scales.Type.IsReal() || scales.Count != blocks || (zeros is not null && (zeros.Type != values.Type || zeros.Count != blocks)))
        {
            throw new ModelImportException(
                $"The scales '{scales.Name}' {scales.Size} of {user} or its zero points do not fit '{values.Name}' {values.Size}.");
        }
    }

    public override string Name => _values.Name;

    public override int Rows => _layout.Rows;

    public override int Columns => _layout.Columns;

    public override TensorEncoding Encoding => TensorEncoding.F32;

    public override bool IsRounded => true;

    public override IReadOnlyList<ExportedConstant> Constants => _zeros is null ? [_values, _scales] : [_values, _scales, _zeros];

    public override float[] Read(int firstRow, int rows)
    {
        var (values, scales, zeros) = (
            _values.ReadBytes(0, _values.Bytes), _scales.ReadReals(0, _scales.Count), _zeros?.ReadBytes(0, _zeros.Bytes));
        var numbers = new float[checked(rows * Columns)];
        Parallel.For(0, rows, row =>
        {
            var output = firstRow + row;
            for (var column = 0; column < Columns; column++)
            {
                var block = (column / _layout.Block * Rows) + output;
                var zero = zeros is null ? _layout.Zero : Pick(zeros, block);
                numbers[(row * Columns) + column] = scales[block] * (Pick(values, (column * Rows) + output) - zero);
            }
        });
        return numbers;
    }

    public override byte[]? ReadEncoded(int firstRow, int rows) => null;

    private int Pick(byte[] packed, int place) => _layout.Pick((byte)(packed[(long)place * _layout.Bits / 8] ^ _layout.Flip), place);
}
