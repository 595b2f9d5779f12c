namespace Tollgate.Inference.Witness;

/// <summary>How far Billing has read this worker's log: it asks from a position only once it has stored everything before.
/// Thread-safe.</summary>
internal sealed class LogReader(WitnessLog witness)
{
    private long _readTo;

    /// <summary>Whether it has not read, since this worker's start, to the log's end.</summary>
    public bool IsBehind => Interlocked.Read(ref _readTo) < witness.End;

    /// <summary>Billing asks from <paramref name="position"/> on.</summary>
    public void Note(long position) => Interlocked.Exchange(ref _readTo, position);
}
