using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Training.Jobs;

/// <summary>Which jobs train: so many at once, others in the order in which they came, and of each job one run. Thread-safe.</summary>
internal sealed class TrainingSlots(IOptions<TrainerOptions> options) : IDisposable
{
    private readonly SemaphoreSlim _free = new(options.Value.Slots);
    private readonly ConcurrentDictionary<Guid, IRunningWork> _runs = new();
    private readonly ConcurrentDictionary<string, ModelLoad> _loads = new(StringComparer.Ordinal);

    public int Count => options.Value.Slots;

    /// <summary>Runs of a model that train, and that wait.</summary>
    public ModelLoad LoadOf(string model) => _loads.GetValueOrDefault(model);

    /// <summary>Makes a run the only one of its job: an earlier one, whose service has given it up, is cancelled and waited for.</summary>
    /// <returns>Ends that when it is disposed.</returns>
    public async Task<IDisposable> EnterAsync(Guid job, IRunningWork run)
    {
        while (!_runs.TryAdd(job, run))
        {
            if (_runs.TryGetValue(job, out var earlier))
            {
                earlier.Cancel();
                await earlier.Ended;
                _runs.TryRemove(KeyValuePair.Create(job, earlier));
            }
        }

        return new Exit(() => _runs.TryRemove(KeyValuePair.Create(job, run)));
    }

    /// <summary>Waits for a place.</summary>
    /// <returns>Frees it when it is disposed.</returns>
    /// <exception cref="OperationCanceledException">The run was cancelled before it had one.</exception>
    public async Task<IDisposable> WaitAsync(string model, CancellationToken cancellationToken)
    {
        Change(model, 0, 1);
        try
        {
            await _free.WaitAsync(cancellationToken);
        }
        finally
        {
            Change(model, 0, -1);
        }

        Change(model, 1, 0);
        return new Exit(() =>
        {
            Change(model, -1, 0);
            _free.Release();
        });
    }

    public void Dispose() => _free.Dispose();

    private void Change(string model, int active, int queued) => _loads.AddOrUpdate(
        model, new ModelLoad(active, queued), (_, load) => new ModelLoad(load.Active + active, load.Queued + queued));

    private sealed class Exit(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }
}
