using System.Collections.Concurrent;
using Tollgate.Contracts.Keys;

namespace Tollgate.Gateway.Authentication;

/// <summary>
/// Counts the requests of each secret of each key until somebody takes the counts away. Thread-safe: any number of threads count while one
/// takes, and each request is in exactly one taking. A counter that stood still from one taking to the next goes.
/// </summary>
internal sealed class KeyUseCounters(TimeProvider clock)
{
    private readonly ConcurrentDictionary<(Guid KeyId, DateTimeOffset? OverlapEndsAt), Counter> _counters = new();

    /// <param name="overlapEndsAt">End of the old secret that was used; null for the current one.</param>
    public void Count(Guid keyId, DateTimeOffset? overlapEndsAt)
    {
        var now = clock.GetUtcNow().UtcTicks;
        while (!_counters.GetOrAdd((keyId, overlapEndsAt), static _ => new Counter()).TryAdd(now))
        {
            // The taker has closed this one and is about to remove it.
            Thread.SpinWait(20);
        }
    }

    /// <summary>Takes counts away, at most <paramref name="most"/>. One caller at a time.</summary>
    public IReadOnlyList<KeyUse> Take(int most)
    {
        List<KeyUse> taken = [];
        foreach (var (name, counter) in _counters)
        {
            if (taken.Count == most)
            {
                break;
            }

            var (calls, lastAt) = counter.Take();
            if (calls > 0)
            {
                taken.Add(new KeyUse(name.KeyId, name.OverlapEndsAt, calls, new DateTimeOffset(lastAt, TimeSpan.Zero)));
            }
            else if (counter.TryClose())
            {
                _counters.TryRemove(KeyValuePair.Create(name, counter));
            }
        }

        return taken;
    }

    private sealed class Counter
    {
        private long _calls; // Far below zero once closed, also after late additions.
        private long _lastAt;

        public bool TryAdd(long now)
        {
            Volatile.Write(ref _lastAt, now); // Before the count, so that a reader of the count finds a time.
            return Interlocked.Increment(ref _calls) > 0;
        }

        public (long Calls, long LastAt) Take() => (Interlocked.Exchange(ref _calls, 0), Volatile.Read(ref _lastAt));

        /// <summary>False when it was used meanwhile.</summary>
        public bool TryClose() => Interlocked.CompareExchange(ref _calls, long.MinValue, 0) == 0;
    }
}
