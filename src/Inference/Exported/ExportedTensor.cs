using Tollgate.Inference.Checkpoints;
using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Exported;

/// <summary>A tensor of GGUF made of rows of exported matrices, one below the other.</summary>
internal sealed class ExportedTensor(string name, TensorChange change, bool isVector)
{
    private readonly SortedDictionary<int, (ExportedMatrix Matrix, PartPlace Place)> _pieces = [];

    public IEnumerable<ExportedMatrix> Matrices => _pieces.Values.Select(piece => piece.Matrix);

    /// <summary>Whether the rows that follow its first are there, and these too.</summary>
    public bool IsWhole => _pieces.ContainsKey(0) && (_pieces.Count == 2 || !_pieces.Values.Any(piece => piece.Place.IsHalf));

    /// <summary>Adds a piece, once.</summary>
    /// <returns>Whether it is the first in its place, or made of the same constants as that.</returns>
    public bool Add(ExportedMatrix matrix, PartPlace place) => _pieces.TryAdd(place.Piece, (matrix, place))
        || (_pieces[place.Piece].Place == place && IsSame(_pieces[place.Piece].Matrix, matrix));

    public GgufTensor Describe()
    {
        var encodings = Matrices.Select(matrix => matrix.Encoding).Distinct().ToArray();
        var rows = _pieces.Values.Sum(piece => piece.Place.Rows);
        return isVector
            ? new GgufTensor(name, rows, Rows: 1, TensorEncoding.F32, Start: 0)
            : new GgufTensor(name, Matrices.First().Columns, rows, encodings.Length == 1 ? encodings[0] : TensorEncoding.F32, Start: 0);
    }

    public float[] Read(GgufMetadata metadata)
    {
        var tensor = Describe();
        var (rows, columns) = isVector ? (tensor.Columns, 1) : (tensor.Rows, tensor.Columns);
        var numbers = ReadPieces(checked(rows * columns));
        if (PairedRows.Sources(change, rows, metadata, name) is not { } sources)
        {
            return numbers;
        }

        var ordered = new float[numbers.Length];
        for (var row = 0; row < rows; row++)
        {
            numbers.AsSpan(sources[row] * columns, columns).CopyTo(ordered.AsSpan(row * columns));
        }

        return ordered;
    }

    /// <summary>Rows as blocks; null where the tensor does not keep any.</summary>
    public byte[]? ReadEncoded(GgufMetadata metadata, int firstRow, int rows)
    {
        var tensor = Describe();
        if (tensor.Encoding.BlockLength() == 1)
        {
            return null;
        }

        var rowBytes = (int)tensor.Encoding.BytesFor(tensor.Columns);
        var sources = PairedRows.Sources(change, tensor.Rows, metadata, name);
        if (sources is null)
        {
            return ReadRows(firstRow, rows, rowBytes);
        }

        // A head's rows stay within the head: what some rows need lies between the least and the most of them.
        var (least, most) = (sources[firstRow..(firstRow + rows)].Min(), sources[firstRow..(firstRow + rows)].Max());
        var (read, ordered) = (ReadRows(least, most - least + 1, rowBytes), new byte[rows * rowBytes]);
        for (var row = 0; row < rows; row++)
        {
            read.AsSpan((sources[firstRow + row] - least) * rowBytes, rowBytes).CopyTo(ordered.AsSpan(row * rowBytes));
        }

        return ordered;
    }

    private byte[] ReadRows(int firstRow, int rows, int rowBytes)
    {
        var bytes = new byte[checked(rows * rowBytes)];
        var start = 0;
        foreach (var (matrix, place) in _pieces.Values)
        {
            var (from, to) = (Math.Max(firstRow, start), Math.Min(firstRow + rows, start + place.Rows));
            if (from < to)
            {
                matrix.ReadEncoded(place.FirstRow + from - start, to - from)!.CopyTo(bytes.AsSpan((from - firstRow) * rowBytes));
            }

            start += place.Rows;
        }

        return bytes;
    }

    private float[] ReadPieces(int count)
    {
        if (_pieces.Count == 1)
        {
            var (matrix, place) = _pieces.Values.First();
            return matrix.Read(place.FirstRow, place.Rows);
        }

        var (numbers, start) = (new float[count], 0);
        foreach (var (matrix, place) in _pieces.Values)
        {
            var piece = matrix.Read(place.FirstRow, place.Rows);
            piece.CopyTo(numbers, start);
            start += piece.Length;
        }

        return numbers;
    }

    private static bool IsSame(ExportedMatrix one, ExportedMatrix other) =>
        one.Rows == other.Rows && one.Columns == other.Columns
        && one.Constants.SequenceEqual(other.Constants, ReferenceEqualityComparer.Instance);
}
