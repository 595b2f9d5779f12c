using System.Threading.Channels;

namespace Tollgate.Accounts.Outbox;

/// <summary>Wakes the outbox's lanes after a commit on this instance; otherwise they poll every second. Thread-safe.</summary>
internal sealed class OutboxSignal
{
    private readonly Channel<bool>[] _lanes = [.. Enumerable.Range(0, OutboxWorker.Lanes.Length)
        .Select(_ => Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }))];

    public void Raise()
    {
        foreach (var lane in _lanes)
        {
            lane.Writer.TryWrite(true);
        }
    }

    /// <summary>Completes when the signal was raised since the last wait, or after <paramref name="longest"/>.</summary>
    public async Task WaitAsync(int lane, TimeSpan longest, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            await _lanes[lane].Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(longest, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            return; // Polls for messages of other instances.
        }
    }
}
