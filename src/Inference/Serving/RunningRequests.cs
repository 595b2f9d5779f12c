using System.Collections.Concurrent;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Witness;

namespace Tollgate.Inference.Serving;

/// <summary>A request that a model works on.</summary>
internal interface IRunningWork
{
    Guid RequestId { get; }

    /// <summary>What has been computed so far; final once <see cref="Ended"/> has.</summary>
    Units Units { get; }

    /// <summary>Ends when nothing is computed for it any more and the worker's log has it.</summary>
    Task Ended { get; }

    /// <summary>Nobody wants the answer any more. Any number of times.</summary>
    void Cancel();
}

/// <summary>A request in the hands of a decoder's scheduler.</summary>
internal sealed record DecoderWork(GenerationRequest Request, DecoderScheduler Scheduler) : IRunningWork
{
    public Guid RequestId => Request.Identity.Id;

    public Units Units => Request.Units;

    public Task Ended => Request.Ended;

    public void Cancel() => Scheduler.Cancel(Request);
}

/// <summary>The requests that models work on, so that a cancel call finds them. Thread-safe.</summary>
internal sealed class RunningRequests(WitnessLog witness)
{
    private readonly ConcurrentDictionary<Guid, IRunningWork> _running = new();
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
