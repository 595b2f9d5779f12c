namespace Tollgate.Contracts.Catalogue;

/// <summary>Aliases and visibility of models. Accounts → gateway, <c>GET /internal/catalogue</c>, ETag long-poll.</summary>
/// <param name="Aliases">Alias → the model's real name.</param>
/// <param name="Hidden">Real names that no list shows and no request may call.</param>
public sealed record CatalogueSnapshot(IReadOnlyDictionary<string, string> Aliases, IReadOnlyList<string> Hidden);

/// <summary>The data plane for the operator's pages. Gateway → Accounts, <c>GET /internal/fleet</c>.</summary>
public sealed record Fleet(DateTimeOffset AsOf, IReadOnlyList<FleetWorker> Workers);

/// <summary>One worker as a gateway sees it.</summary>
/// <param name="Status">Null while the worker does not answer.</param>
/// <param name="InFlight">Requests from this gateway that the worker is still running.</param>
public sealed record FleetWorker(string Url, bool Healthy, Workers.WorkerStatus? Status, int InFlight = 0);
