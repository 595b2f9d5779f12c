using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Workers;

namespace Tollgate.Gateway.Workers;

/// <summary>
/// All workers, those of the static list and those that registered: which one takes the next request, and the cards of all models that
/// any of them showed. Thread-safe.
/// </summary>
internal sealed class WorkerPool
{
    private readonly int _failuresToOpen;
    private readonly ImmutableArray<Uri> _listed;
    private volatile IReadOnlyList<Worker> _workers;
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile FrozenDictionary<string, ModelCard> _cards = FrozenDictionary<string, ModelCard>.Empty;
    private uint _turn;

    public WorkerPool(IOptions<RoutingOptions> options)
    {
        _failuresToOpen = options.Value.FailuresToOpen;
        _listed = [.. options.Value.Workers.Distinct()];
        _workers = [.. _listed.Select(url => new Worker(url, _failuresToOpen))];
    }

    public IReadOnlyList<Worker> Workers => _workers;

    /// <summary>Ends when the directory changes next; the poller then looks at all of them at once.</summary>
    public Task Changed => _changed.Task;

    /// <summary>Cards of every model that a worker has shown since this gateway started, whether or not it serves it now.</summary>
    public IReadOnlyCollection<ModelCard> Cards => _cards.Values;

    public ModelCard? FindCard(string model) => _cards.GetValueOrDefault(model);

    /// <summary>
    /// The least loaded worker that serves <paramref name="model"/>, one that was not <paramref name="tried"/> before any other; equals
    /// take turns.
    /// </summary>
    /// <param name="only">Name of the only worker that is asked for; null for any.</param>
    /// <returns>Null when none can take it.</returns>
    public Worker? Pick(string model, ReadOnlySpan<Worker?> tried = default, string? only = null)
    {
        var workers = _workers;
        Worker? best = null;
        var (bestTried, bestLoad) = (true, double.PositiveInfinity);
        var start = (int)(Interlocked.Increment(ref _turn) % (uint)Math.Max(1, workers.Count));
        for (var i = 0; i < workers.Count; i++)
        {
            var worker = workers[(start + i) % workers.Count];
            if ((only is null || worker.Status?.WorkerId == only) && worker.LoadFor(model) is { } load)
            {
                var wasTried = tried.Contains(worker);
                if (best is null || (bestTried && !wasTried) || (bestTried == wasTried && load < bestLoad))
                {
                    (best, bestTried, bestLoad) = (worker, wasTried, load);
                }
            }
        }

        return best;
    }

    /// <summary>Takes over the directory. One that left goes, unless the static list names it; one whose address stays keeps what is known
    /// of it. Called by one thread at a time.</summary>
    public void Show(WorkerDirectory directory)
    {
        var known = _workers.ToDictionary(worker => worker.Url);
        var registered = directory.Workers.Where(worker => worker.Left is null)
            .GroupBy(worker => worker.BaseAddress)
            .ToDictionary(workers => workers.Key, workers => workers.All(worker => worker.Drained));
        _workers =
        [
            .. _listed.Union(registered.Keys).Select(url =>
            {
                var worker = known.GetValueOrDefault(url) ?? new Worker(url, _failuresToOpen);
                worker.Drained = registered.GetValueOrDefault(url);
                return worker;
            }),
        ];
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    /// <summary>Takes over what a worker said of itself. Called by the pollers.</summary>
    public void Update(Worker worker, WorkerStatus status)
    {
        worker.Answered(status);
        var cards = _cards;
        if (status.Models.Any(served => IsNews(cards.GetValueOrDefault(served.Card.Name), served)))
        {
            // Two pollers may race here; the one that loses writes its cards again a second later.
            var next = cards.ToDictionary(StringComparer.Ordinal);
            foreach (var served in status.Models.Where(served => IsNews(next.GetValueOrDefault(served.Card.Name), served)))
            {
                next[served.Card.Name] = served.Card;
            }

            _cards = next.ToFrozenDictionary(StringComparer.Ordinal);
        }
    }

    /// <summary>The card of a model that is not loaded lacks what only a loaded one knows; it does not replace another worker's.</summary>
    private static bool IsNews(ModelCard? known, ServedModel served) => known is null || (served.Ready && known != served.Card);
}
