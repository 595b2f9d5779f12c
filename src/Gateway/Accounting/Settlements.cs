using System.Diagnostics;
using System.Threading.Channels;

namespace Tollgate.Gateway.Accounting;

/// <summary>What is done to a hold.</summary>
internal enum SettlementKind
{
    /// <summary>The request ended: the hold goes, its spend is booked, unused tokens return.</summary>
    Settle = 'S',

    /// <summary>As <see cref="Settle"/>; the answer was complete and is kept, so that the claim on its idempotency key is done.</summary>
    SettleKept = 'K',

    /// <summary>As <see cref="Settle"/>; the answer was complete and could not be kept: only the claim remembers it.</summary>
    SettleLost = 'L',

    /// <summary>It is unknown whether the hold exists: it goes if it does, else a tombstone keeps a late admission out.</summary>
    Release = 'R',

    /// <summary>The tombstone of a release has done its work.</summary>
    Forget = 'F',
}

/// <summary>One change to a hold, idempotent by request id: a hold that is gone makes it a no-op.</summary>
/// <param name="Tokens">Tokens really used; the rest of what was held returns to the buckets.</param>
/// <param name="CostNanoUsd">What is booked, never more than was held.</param>
/// <param name="Acknowledged">Called once Redis has done it; null when no caller waits.</param>
internal sealed record Settlement(
    SettlementKind Kind, Guid OrganizationId, Guid RequestId, long Tokens, long CostNanoUsd, Action<Settlement>? Acknowledged = null)
{
    /// <summary>Ends once Redis has done it; null in a trace that is not recorded.</summary>
    public Activity? Span { get; init; }
}

/// <summary>
/// Settlements that wait for the next script call of their organization. The taker must return them or let them be
/// acknowledged, else holds leak until this gateway starts again. Thread-safe.
/// </summary>
internal sealed class Settlements
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Queue<Settlement>> _waiting = [];
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Add(Settlement settlement)
    {
        lock (_lock)
        {
            if (!_waiting.TryGetValue(settlement.OrganizationId, out var queue))
            {
                _waiting.Add(settlement.OrganizationId, queue = new Queue<Settlement>());
            }

            queue.Enqueue(settlement);
        }

        _wake.Writer.TryWrite(true);
    }

    /// <summary>Takes up to <paramref name="most"/> settlements of an organization out of the queue.</summary>
    public IReadOnlyList<Settlement> Take(Guid organizationId, int most)
    {
        lock (_lock)
        {
            if (!_waiting.TryGetValue(organizationId, out var queue))
            {
                return [];
            }

            var taken = new List<Settlement>(Math.Min(most, queue.Count));
            while (taken.Count < most && queue.TryDequeue(out var settlement))
            {
                taken.Add(settlement);
            }

            if (queue.Count == 0)
            {
                _waiting.Remove(organizationId);
            }

            return taken;
        }
    }

    /// <summary>Puts back what was taken by a call that failed.</summary>
    public void Return(IReadOnlyList<Settlement> settlements)
    {
        foreach (var settlement in settlements)
        {
            Add(settlement);
        }
    }

    /// <summary>Organizations with something waiting, now.</summary>
    public IReadOnlyList<Guid> OrganizationsWaiting()
    {
        lock (_lock)
        {
            return [.. _waiting.Keys];
        }
    }

    /// <summary>Ends when something was added since the last time.</summary>
    public ValueTask<bool> WaitForWorkAsync(CancellationToken cancellationToken) => _wake.Reader.ReadAsync(cancellationToken);
}
