using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Workers;

/// <summary>Worker → Accounts, <c>POST /internal/workers</c>, every two seconds: the worker's address and load.</summary>
/// <param name="Url">Base address at which gateways and Billing reach it.</param>
public sealed record WorkerHeartbeat(string Url, WorkerStatus Status);

/// <summary>Worker → Accounts, <c>POST /internal/workers/{id}/leave</c>: the last call of a clean stop.</summary>
/// <param name="StartedAt">As in its status, so that a late call does not remove the worker's successor.</param>
public sealed record WorkerLeaving(DateTimeOffset StartedAt, WorkerLogEnd Log);

/// <summary>Final end of a worker's log. A reader at this position has read all of it.</summary>
public sealed record WorkerLogEnd(Guid LogId, long Position);

/// <summary>
/// The registered workers. Accounts → gateways and Billing, <c>GET /internal/workers</c>, ETag long-poll. Contains only what rarely
/// changes; each gateway polls the workers themselves for health and load.
/// </summary>
public sealed record WorkerDirectory(IReadOnlyList<RegisteredWorker> Workers);

/// <summary>One registered worker.</summary>
/// <param name="Drained">Whether the operator ordered to send it no new requests.</param>
/// <param name="Stopping">
/// Whether it has announced that it stops. Only a hint to poll it: a successor may already answer at its address.
/// </param>
/// <param name="Left">Not null after it stopped cleanly.</param>
public sealed record RegisteredWorker(string Id, string Url, bool Drained, bool Stopping, WorkerLogEnd? Left)
{
    /// <summary>Ends with a slash, so that relative paths can be appended.</summary>
    [JsonIgnore]
    public Uri BaseAddress => new(Url.TrimEnd('/') + "/");
}

/// <summary>One line of the operator's list of workers, merged from Accounts and a gateway.</summary>
/// <param name="Id">The worker's name, or its address while the name is unknown.</param>
/// <param name="Since">When it was last heard or left; null while it is up.</param>
/// <param name="Registered">False when only the gateways' static list contains it.</param>
/// <param name="Status">The last known status.</param>
public sealed record WorkerLine(
    string Id, string Url, WorkerState State, DateTimeOffset? Since, bool Registered, WorkerStatus? Status);

/// <summary>Availability of a worker.</summary>
public enum WorkerState
{
    /// <summary>It takes requests.</summary>
    Ready = 0,

    /// <summary>It takes no new requests, because the operator drained it or it is stopping.</summary>
    Draining,

    /// <summary>It is registered and sends heartbeats, but the gateway cannot reach it or has opened its circuit.</summary>
    Unreachable,

    /// <summary>Its heartbeats have stopped.</summary>
    Silent,

    /// <summary>It stopped cleanly.</summary>
    Stopped,
}
