namespace Tollgate.Contracts.Catalogue;

/// <summary>Aliases, visibility and plans of models. Accounts → gateways and workers, <c>GET /internal/catalogue</c>, ETag
/// long-poll.</summary>
/// <param name="Aliases">Alias → the model's real name.</param>
/// <param name="Hidden">Real names that no list shows and no request may call.</param>
public sealed record CatalogueSnapshot(IReadOnlyDictionary<string, string> Aliases, IReadOnlyList<string> Hidden)
{
    public const string Path = "/internal/catalogue";

    /// <summary>Of the models that have one, in order of their names.</summary>
    public IReadOnlyList<ModelPlan> Plans { get; init; } = [];
}

/// <summary>The data plane for the operator's pages. Gateway → Accounts, <c>GET /internal/fleet</c>.</summary>
public sealed record Fleet(DateTimeOffset AsOf, IReadOnlyList<FleetWorker> Workers);

/// <summary>One worker as a gateway sees it.</summary>
/// <param name="Status">Null while the worker does not answer.</param>
/// <param name="InFlight">Requests from this gateway that the worker is still running.</param>
public sealed record FleetWorker(string Url, bool Healthy, Workers.WorkerStatus? Status, int InFlight = 0);
