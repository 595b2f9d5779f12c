namespace Tollgate.Gateway.Till;

/// <summary>What this gateway knows of one organization's till: how fast it empties,
/// and whether money is being fetched. Thread-safe.</summary>
internal sealed class OrganizationTill(TimeProvider clock)
{
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AheadPause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Task<Refill>? _flight;
    private long _flightNeed;
    private double _spentLately;
    private long _touched = clock.GetTimestamp();
    private long _aheadNotBefore;
    private long _largestHold;

    /// <summary>Spend of about the last minute, nano-dollars: a sum that fades with a time constant of one minute.</summary>
    public long SpendPerMinuteNanoUsd
    {
        get
        {
            lock (_lock)
            {
                Fade();
                return (long)_spentLately;
            }
        }
    }

    public void Spent(long nanoUsd)
    {
        lock (_lock)
        {
            Fade();
            _spentLately += nanoUsd;
        }
    }

    /// <summary>Whether to fetch money before a request has to wait for it: less than 15 s of spend or four large holds is left.</summary>
    public bool RunsLow(long freeNanoUsd, long holdNanoUsd)
    {
        lock (_lock)
        {
            Fade();
            _largestHold = Math.Max(holdNanoUsd, _largestHold - (_largestHold / 16));
            return _flight is null && clock.GetTimestamp() >= _aheadNotBefore
                && freeNanoUsd < Math.Max((long)(_spentLately / 4), 4 * _largestHold);
        }
    }

    /// <summary>Joins the fetch that is under way, or starts <paramref name="fetch"/>. One runs at a time.</summary>
    /// <returns>The fetch and the need that it was started for, which the outcome <c>Exhausted</c> speaks of.</returns>
    public (Task<Refill> Flight, long Need) Join(long needNanoUsd, Func<Task<Refill>> fetch)
    {
        lock (_lock)
        {
            if (_flight is null)
            {
                _flightNeed = needNanoUsd;
                _flight = RunAsync(fetch);
            }

            return (_flight, _flightNeed);
        }
    }

    private async Task<Refill> RunAsync(Func<Task<Refill>> fetch)
    {
        await Task.Yield(); // The caller holds the lock.
        try
        {
            return await fetch();
        }
        finally
        {
            lock (_lock)
            {
                _flight = null;
                _aheadNotBefore = clock.GetTimestamp() + (long)(AheadPause.TotalSeconds * clock.TimestampFrequency);
            }
        }
    }

    private void Fade()
    {
        var now = clock.GetTimestamp();
        _spentLately *= Math.Exp(-(clock.GetElapsedTime(_touched, now) / Memory));
        _touched = now;
    }
}
