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
    /// <summary>Most versions of a model that are remembered, the newest.</summary>
    private const int MostVersions = 64;

    private readonly int _failuresToOpen;
    private readonly ImmutableArray<Uri> _listed;
    private volatile IReadOnlyList<Worker> _workers;
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile FrozenDictionary<string, ModelCard[]> _cards = FrozenDictionary<string, ModelCard[]>.Empty;
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

    /// <summary>A card of every model that a worker has shown since this gateway started, whether or not it serves it now: that of the
    /// newest version.</summary>
    public IReadOnlyCollection<ModelCard> Cards => [.. _cards.Values.Select(versions => versions[0])];

    /// <summary>The card of a model's newest version.</summary>
    public ModelCard? FindCard(string model) => _cards.GetValueOrDefault(model)?[0];

    public ModelCard? FindCard(string model, string version) =>
        Array.Find(_cards.GetValueOrDefault(model) ?? [], card => card.Version == version);

    /// <summary>Cards of all versions of a model, the newest first.</summary>
    public IReadOnlyList<ModelCard> CardsOf(string model) => _cards.GetValueOrDefault(model) ?? [];

    /// <summary>Whether a worker has the version in memory (true), or loads it for a request (false); null when none takes requests for
    /// it.</summary>
    public bool? IsReady(string model, string version)
    {
        bool? ready = null;
        foreach (var worker in _workers)
        {
            if (worker.OfferFor(model, version) is { } offer)
            {
                ready = ready == true || offer.IsReady;
            }
        }

        return ready;
    }

    /// <summary>
    /// The least loaded worker that serves <paramref name="model"/>, one that was not <paramref name="tried"/> before any other, one that
    /// has it in memory before one that must load it; equals take turns.
    /// </summary>
    /// <param name="only">Name of the only worker that is asked for; null for any.</param>
    /// <param name="version">Of the model; null for any.</param>
    /// <returns>Null when none can take it.</returns>
    public Worker? Pick(string model, ReadOnlySpan<Worker?> tried = default, string? only = null, string? version = null)
    {
        var workers = _workers;
        Worker? best = null;
        var rank = (Tried: true, Idle: true, Load: double.PositiveInfinity);
        var start = (int)(Interlocked.Increment(ref _turn) % (uint)Math.Max(1, workers.Count));
        for (var i = 0; i < workers.Count; i++)
        {
            var worker = workers[(start + i) % workers.Count];
            if ((only is null || worker.Status?.WorkerId == only) && worker.OfferFor(model, version) is { } offer)
            {
                var own = (tried.Contains(worker), !offer.IsReady, offer.Load);
                if (best is null || own.CompareTo(rank) < 0)
                {
                    (best, rank) = (worker, own);
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
        if (status.Models.Any(served => IsNews(cards, served)))
        {
            // Two pollers may race here; the one that loses writes its cards again a second later.
            var next = cards.ToDictionary(StringComparer.Ordinal);
            foreach (var served in status.Models.Where(served => IsNews(next, served)))
            {
                next[served.Card.Name] =
                [
                    .. next.GetValueOrDefault(served.Card.Name, []).Where(card => card.Version != served.Card.Version).Append(served.Card)
                        .OrderByDescending(card => card.Version, VersionOrder.Instance).Take(MostVersions),
                ];
            }

            _cards = next.ToFrozenDictionary(StringComparer.Ordinal);
        }
    }

    /// <summary>The card of a version that was never loaded lacks what only a loaded one knows; it does not replace another
    /// worker's. A model whose first version is on its way into memory is not known yet: what is listed can be called.</summary>
    private static bool IsNews(IReadOnlyDictionary<string, ModelCard[]> cards, ServedModel served)
    {
        var versions = cards.GetValueOrDefault(served.Card.Name, []);
        var known = Array.Find(versions, card => card.Version == served.Card.Version);
        if (versions.Length == 0 && served is { Ready: false, State: ModelState.Loading })
        {
            return false;
        }

        return known is null
            ? versions.Length < MostVersions || VersionOrder.Instance.Compare(served.Card.Version, versions[^1].Version) > 0
            : (served.Ready || (IsMeasured(served.Card) && !IsMeasured(known))) && known != served.Card;
    }

    private static bool IsMeasured(ModelCard card) => card.Measure is not null || card.Tensors is not null || card.Drawing is not null;
}
