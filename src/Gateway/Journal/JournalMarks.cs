using Tollgate.Contracts.Usage;

namespace Tollgate.Gateway.Journal;

/// <summary>How far the journal is shipped and settled. Payload of <see cref="RecordType.Mark"/>.</summary>
/// <param name="Shipped">Everything before is booked by Billing.</param>
/// <param name="Settled">Every hold of a request opened before is gone from Redis.</param>
/// <param name="Database">Identity of the database that booked it; empty before the first answer.</param>
/// <param name="Seen">Newest state of the database that Billing answered with, see <see cref="ShippedState.Seen"/>.</param>
internal sealed record JournalMark(long Shipped, long Settled, string Database, string Seen = "")
{
    public static readonly JournalMark None = new(0, 0, "");

    public static JournalMark Read(ReadOnlySpan<byte> payload)
    {
        var reader = new RecordReader(payload);
        var (shipped, settled, database) = (reader.Int64(), reader.Int64(), reader.Text());
        return new JournalMark(shipped, settled, database, reader.IsAtEnd ? "" : reader.Text()); // Marks of earlier versions end here.
    }

    public void AppendTo(JournalFile journal)
    {
        Span<byte> payload = stackalloc byte[1200];
        var writer = new RecordWriter(payload);
        writer.Int64(Shipped);
        writer.Int64(Settled);
        writer.Text(Database);
        writer.Text(Seen);
        journal.Append(RecordType.Mark, writer.Written);
    }
}

/// <summary>How far a journal is shipped, and to which database: set by the shipper, written to the journal by its keeper.
/// Thread-safe.</summary>
internal sealed class ShippedState
{
    private readonly Lock _lock = new();
    private long _cursor;
    private string _database = "";
    private volatile string _seen = "";

    /// <summary>The last value of <see cref="DatabaseHeader"/> that Billing answered with; empty before the first.</summary>
    public string Seen
    {
        get => _seen;
        set => _seen = value;
    }

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
