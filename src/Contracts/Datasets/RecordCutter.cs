namespace Tollgate.Contracts.Datasets;

/// <summary>Finds where a record ends in bytes that come in pieces.</summary>
internal interface IRecordEnds
{
    /// <summary>Goes on in the record where the last call stopped, or begins the next one after an end.</summary>
    /// <returns>How many of the bytes belong to the record, with the line feed that ends it; 0 when its end is not among them.</returns>
    int Find(ReadOnlySpan<byte> bytes);
}

/// <summary>Every line feed ends a record.</summary>
internal sealed class LineEnds : IRecordEnds
{
    public int Find(ReadOnlySpan<byte> bytes) => bytes.IndexOf((byte)'\n') + 1;
}

/// <summary>What <see cref="RecordCutter.Cut"/> found.</summary>
internal enum Cut
{
    /// <summary>The bytes are used up.</summary>
    None = 0,

    /// <summary>A record.</summary>
    Record,

    /// <summary>The beginning of a record that is too long. The rest of it is skipped.</summary>
    TooLong,
}

/// <summary>
/// Cuts a file into records. It copies only what lies across two pieces, at most one record; what it finds does not depend on how the
/// file was cut into pieces.
/// </summary>
/// <param name="maxBytes">Longest record, bytes without its line feed.</param>
internal sealed class RecordCutter(int maxBytes)
{
    private byte[] _carry = [];
    private int _carried;
    private bool _skipping;
    private long _line = 1;

    /// <summary>Of the records to come; may change between two records.</summary>
    public IRecordEnds Ends { get; set; } = new LineEnds();

    /// <summary>Bytes taken so far.</summary>
    public long Taken { get; private set; }

    /// <summary>Takes bytes from the front of a piece, up to the end of one record.</summary>
    /// <param name="record">Valid until the next call.</param>
    public Cut Cut(ref ReadOnlySpan<byte> piece, out RawRecord record)
    {
        record = default;
        if (_skipping)
        {
            Skip(ref piece);
        }

        if (piece.IsEmpty)
        {
            return Datasets.Cut.None;
        }

        // One byte more than a record may have: a line feed, or the proof that it is too long.
        var window = piece[..Math.Min(piece.Length, maxBytes + 1 - _carried)];
        var length = Ends.Find(window);
        var part = Take(ref piece, length == 0 ? window.Length : length);
        if (length == 0)
        {
            Carry(part);
            _skipping = _carried > maxBytes;
            return _skipping ? End(_carry.AsSpan(0, maxBytes), _carry.AsSpan(0, _carried), Datasets.Cut.TooLong, out record) : default;
        }

        if (_carried == 0)
        {
            return End(part[..^1], part, Datasets.Cut.Record, out record);
        }

        Carry(part);
        return End(_carry.AsSpan(0, _carried - 1), _carry.AsSpan(0, _carried), Datasets.Cut.Record, out record);
    }

    /// <summary>Returns whether bytes are left after the last line feed: the last record.</summary>
    public bool CutLast(out RawRecord record)
    {
        record = new RawRecord(_carry.AsSpan(0, _carried), _line, isTerminated: false);
        return _carried > 0;
    }

    private Cut End(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> withEnd, Cut kind, out RawRecord record)
    {
        record = new RawRecord(bytes, _line, kind == Datasets.Cut.Record);
        _line += withEnd.Count((byte)'\n');
        _carried = 0;
        return kind;
    }

    private void Skip(ref ReadOnlySpan<byte> piece)
    {
        var length = Ends.Find(piece);
        _skipping = length == 0;
        _line += Take(ref piece, _skipping ? piece.Length : length).Count((byte)'\n');
    }

    private ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> piece, int length)
    {
        var part = piece[..length];
        piece = piece[length..];
        Taken += length;
        return part;
    }

    private void Carry(ReadOnlySpan<byte> part)
    {
        if (_carry.Length < _carried + part.Length)
        {
            Array.Resize(ref _carry, Math.Min(Math.Max(_carried + part.Length, _carry.Length * 2), maxBytes + 1));
        }

        part.CopyTo(_carry.AsSpan(_carried));
        _carried += part.Length;
    }
}
