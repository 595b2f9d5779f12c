using System.Threading.Channels;

namespace Tollgate.Accounts.Outbox;

/// <summary>Wakes the outbox's lanes when something was committed here; without it they look every second. Thread-safe.</summary>
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

    /// <summary>Ends when somebody raised the signal since the last wait, or after <paramref name="longest"/>.</summary>
    public async Task WaitAsync(int lane, TimeSpan longest, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            await _lanes[lane].Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(longest, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            return; // Time to look whether another instance left something.
        }
    }
}
