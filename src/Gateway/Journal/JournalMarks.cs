namespace Tollgate.Gateway.Journal;

/// <summary>How far the journal is shipped and settled. Payload of <see cref="RecordType.Mark"/>.</summary>
/// <param name="Shipped">Everything before is booked by Billing.</param>
/// <param name="Settled">Every hold of a request opened before is gone from Redis.</param>
/// <param name="Database">Identity of the database that booked it; empty before the first answer.</param>
internal sealed record JournalMark(long Shipped, long Settled, string Database)
{
    public static readonly JournalMark None = new(0, 0, "");

    public static JournalMark Read(ReadOnlySpan<byte> payload)
    {
        var reader = new RecordReader(payload);
        return new JournalMark(reader.Int64(), reader.Int64(), reader.Text());
    }

    public void AppendTo(JournalFile journal)
    {
        Span<byte> payload = stackalloc byte[600];
        var writer = new RecordWriter(payload);
        writer.Int64(Shipped);
        writer.Int64(Settled);
        writer.Text(Database);
        journal.Append(RecordType.Mark, writer.Written);
    }
}

/// <summary>What shipping knows and a restart must: kept here by the shipper, written to the journal by its keeper. Thread-safe.</summary>
internal sealed class ShippedState
{
    private readonly Lock _lock = new();
    private long _cursor;
    private string _database = "";

    public (long Cursor, string Database) Read()
    {
        lock (_lock)
        {
            return (_cursor, _database);
        }
    }

    public void Set(long cursor, string database)
    {
        lock (_lock)
        {
            (_cursor, _database) = (cursor, database);
        }
    }
}
