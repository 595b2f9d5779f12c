using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Exported;

/// <summary>A constant of real numbers.</summary>
/// <param name="turned">Whether its rows are inputs.</param>
/// <param name="added">What the graph adds to each number.</param>
/// <param name="type">Type that the graph makes of them before it computes; null: that of the constant.</param>
internal sealed class RealMatrix(ExportedConstant constant, bool turned, float added, ExportedType? type) : ExportedMatrix
{
    public override string Name => constant.Name;

    public override int Rows => constant.Shape[turned ? 1 : 0];

    public override int Columns => constant.Shape.Count == 1 ? 1 : constant.Shape[turned ? 0 : 1];

    public override TensorEncoding Encoding => TensorEncoding.F32;

    public override bool IsRounded => (type ?? constant.Type) is ExportedType.Float16 or ExportedType.BFloat16;

    public override IReadOnlyList<ExportedConstant> Constants => [constant];

    public override float[] Read(int firstRow, int rows)
    {
        var numbers = turned ? Turn(firstRow, rows) : constant.ReadReals((long)firstRow * Columns, rows * Columns);
        return added == 0 ? numbers : Array.ConvertAll(numbers, number => number + added);
    }

    public override byte[]? ReadEncoded(int firstRow, int rows) => null;

    private float[] Turn(int firstRow, int rows)
    {
        const int Tile = 64; // both sides of a tile stay in the first-level cache
        var (all, columns, inputs) = (constant.ReadReals(0, constant.Count), Columns, Rows);
        var numbers = GC.AllocateUninitializedArray<float>(rows * columns);
        Parallel.For(0, (rows + Tile - 1) / Tile, tile =>
        {
            for (var first = 0; first < columns; first += Tile)
            {
                for (var row = tile * Tile; row < Math.Min((tile + 1) * Tile, rows); row++)
                {
                    for (var column = first; column < Math.Min(first + Tile, columns); column++)
                    {
                        numbers[(row * columns) + column] = all[(column * inputs) + firstRow + row];
                    }
                }
            }
        });
        return numbers;
    }
}
