using System.Collections.Concurrent;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Witness;

namespace Tollgate.Inference.Serving;

/// <summary>The requests that decoders work on, so that a cancel call finds them. Thread-safe.</summary>
internal sealed class RunningRequests(WitnessLog witness)
{
    private readonly ConcurrentDictionary<Guid, Entry> _running = new();
    private long _count;

    /// <summary>Answers in work, embeddings too.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Counts an answer in work until it is disposed.</summary>
    public IDisposable Enter()
    {
        Interlocked.Increment(ref _count);
        return new Exit(this);
    }

    /// <summary>
    /// Makes a request known. An earlier attempt of the same request that still runs is
    /// given up: its gateway would not have tried again otherwise.
    /// </summary>
    public async Task AddAsync(GenerationRequest request, DecoderScheduler scheduler)
    {
        var entry = new Entry(request, scheduler);
        while (!_running.TryAdd(request.Identity.Id, entry))
        {
            if (_running.TryGetValue(request.Identity.Id, out var earlier))
            {
                earlier.Scheduler.Cancel(earlier.Request);
                await earlier.Request.Ended;
                Remove(earlier.Request);
            }
        }
    }

    public void Remove(GenerationRequest request)
    {
        if (_running.TryGetValue(request.Identity.Id, out var entry) && entry.Request == request)
        {
            _running.TryRemove(KeyValuePair.Create(request.Identity.Id, entry));
        }
    }

    /// <summary>Ends a request and waits until its rows have left their slots; what it used is then final and in the log.</summary>
    public async Task<Cancelled> CancelAsync(Guid requestId, CancellationToken cancellationToken)
    {
        if (!_running.TryGetValue(requestId, out var entry))
        {
            return new Cancelled(Known: false, witness.Find(requestId) ?? default(Units));
        }

        entry.Scheduler.Cancel(entry.Request);
        await entry.Request.Ended.WaitAsync(cancellationToken);
        return new Cancelled(Known: true, entry.Request.Units);
    }

    /// <summary>Ends everything that runs; for the end of a drain.</summary>
    public void CancelAll()
    {
        foreach (var entry in _running.Values)
        {
            entry.Scheduler.Cancel(entry.Request);
        }
    }

    private sealed record Entry(GenerationRequest Request, DecoderScheduler Scheduler);

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
