using System.Collections.Concurrent;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Witness;

namespace Tollgate.Inference.Requests;

/// <summary>The requests that models work on, where cancel calls find them. Thread-safe.</summary>
internal sealed class RunningRequests(WitnessLog witness)
{
    private readonly ConcurrentDictionary<Guid, IRunningWork> _running = new();
    private long _count;

    /// <summary>Answers in work, of all tasks.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Counts an answer in work until it is disposed.</summary>
    public IDisposable Enter()
    {
        Interlocked.Increment(ref _count);
        return new Exit(this);
    }

    /// <summary>
    /// Makes a request known to cancel calls. An earlier attempt of the same request that still runs is cancelled first: its gateway has
    /// given it up.
    /// </summary>
    public async Task AddAsync(IRunningWork work)
    {
        while (!_running.TryAdd(work.RequestId, work))
        {
            if (_running.TryGetValue(work.RequestId, out var earlier))
            {
                earlier.Cancel();
                await earlier.Ended;
                Remove(earlier);
            }
        }
    }

    public void Remove(IRunningWork work) => _running.TryRemove(KeyValuePair.Create(work.RequestId, work));

    /// <summary>Ends a request and waits until nothing of it is computed any more; what it used is then final and in the log.</summary>
    public async Task<Cancelled> CancelAsync(Guid requestId, CancellationToken cancellationToken)
    {
        if (!_running.TryGetValue(requestId, out var work))
        {
            return new Cancelled(Known: false, witness.Find(requestId) ?? default(Units));
        }

        work.Cancel();
        await work.Ended.WaitAsync(cancellationToken);
        return new Cancelled(Known: true, work.Units);
    }

    /// <summary>Ends everything that runs; for the end of a drain.</summary>
    public void CancelAll()
    {
        foreach (var work in _running.Values)
        {
            work.Cancel();
        }
    }

    /// <summary>Ends the count of one answer in work.</summary>
    private sealed class Exit(RunningRequests requests) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                Interlocked.Decrement(ref requests._count);
            }
        }
    }
}
