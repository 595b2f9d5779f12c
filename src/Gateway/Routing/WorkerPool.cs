using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Workers;

namespace Tollgate.Gateway.Routing;

/// <summary>All configured workers: which one takes the next request, and the cards of all models that any of them showed.
/// Thread-safe.</summary>
internal sealed class WorkerPool
{
    private readonly ImmutableArray<Worker> _workers;
    private volatile FrozenDictionary<string, ModelCard> _cards = FrozenDictionary<string, ModelCard>.Empty;
    private uint _turn;

    public WorkerPool(IOptions<RoutingOptions> options) =>
        _workers = [.. options.Value.Workers.Distinct().Select(url => new Worker(url, options.Value.FailuresToOpen))];

    public ImmutableArray<Worker> Workers => _workers;

    /// <summary>Cards of every model that a worker has shown since this gateway started, whether or not it serves it now.</summary>
    public IReadOnlyCollection<ModelCard> Cards => _cards.Values;

    public ModelCard? FindCard(string model) => _cards.GetValueOrDefault(model);

    /// <summary>
    /// The least loaded worker that serves <paramref name="model"/>, one that was not <paramref name="tried"/> before any other; equals
    /// take turns.
    /// </summary>
    /// <returns>Null when none can take it.</returns>
    public Worker? Pick(string model, ReadOnlySpan<Worker?> tried = default)
    {
        Worker? best = null;
        var bestLoad = long.MaxValue;
        var start = (int)(Interlocked.Increment(ref _turn) % (uint)Math.Max(1, _workers.Length));
        for (var i = 0; i < _workers.Length; i++)
        {
            var worker = _workers[(start + i) % _workers.Length];
            if (worker.LoadFor(model) is { } load)
            {
                var weighed = tried.Contains(worker) ? load + (long)int.MaxValue : load;
                if (weighed < bestLoad)
                {
                    (best, bestLoad) = (worker, weighed);
                }
            }
        }

        return best;
    }

    /// <summary>Takes over what a worker said of itself. Called by the pollers.</summary>
    public void Update(Worker worker, WorkerStatus status)
    {
        worker.Answered(status);
        var cards = _cards;
        if (status.Models.Any(served => !cards.TryGetValue(served.Card.Name, out var known) || known != served.Card))
        {
            // Two pollers may race here; the one that loses writes its cards again a second later.
            var next = cards.ToDictionary(StringComparer.Ordinal);
            foreach (var served in status.Models)
            {
                next[served.Card.Name] = served.Card;
            }

            _cards = next.ToFrozenDictionary(StringComparer.Ordinal);
        }
    }
}
