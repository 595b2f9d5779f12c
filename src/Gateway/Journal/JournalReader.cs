namespace Tollgate.Gateway.Journal;

/// <summary>Reads records in order, up to the journal's end as it is at each call. Belongs to one reader.</summary>
/// <param name="from">Position of a record, or before everything.</param>
internal sealed class JournalReader(JournalFile journal, long from)
{
    private readonly byte[] _window = new byte[RecordFormat.LargestRecord];
    private int _length;

    /// <summary>Position after the record that was read last.</summary>
    public long Position { get; private set; } = from;

    /// <summary>Position of that record.</summary>
    public long RecordPosition { get; private set; }

    public RecordType Type => (RecordType)_window[8];

    public ReadOnlySpan<byte> Payload => _window.AsSpan(RecordFormat.FrameBytes, _length - RecordFormat.FrameBytes);

    /// <summary>Moves to the next record. False at the end; asking again later finds what was appended since.</summary>
    public bool Read()
    {
        var end = journal.End;
        while (Position < end)
        {
            var number = JournalPosition.Segment(Position);
            var offset = Math.Max(JournalPosition.Offset(Position), Segment.HeaderBytes);
            if (journal.Find(number) is { } segment && ReadAt(segment, offset))
            {
                RecordPosition = JournalPosition.Of(number, offset);
                Position = JournalPosition.Of(number, offset + _length);
                if (Type != RecordType.Sealed)
                {
                    return true;
                }
            }

            // The segment ends here, sealed, torn by a power cut, or deleted long ago; what follows stands for itself.
            if (journal.NextAfter(number) is not { } next)
            {
                return false;
            }

            Position = JournalPosition.Of(next, Segment.HeaderBytes);
        }

        return false;
    }

    private bool ReadAt(Segment segment, int offset)
    {
        if (offset >= segment.Size)
        {
            return false;
        }

        var window = _window.AsSpan(0, Math.Min(_window.Length, segment.Size - offset));
        segment.Read(offset, window);
        _length = RecordFormat.ReadLength(window);
        return _length > 0;
    }
}
