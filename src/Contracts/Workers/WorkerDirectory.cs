using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Workers;

/// <summary>Worker → Accounts, <c>POST /internal/workers</c>, every two seconds: that it is there, where, and how busy it is.</summary>
/// <param name="Url">Base address at which gateways and Billing reach it.</param>
public sealed record WorkerHeartbeat(string Url, WorkerStatus Status);

/// <summary>Worker → Accounts, <c>POST /internal/workers/{id}/leave</c>: its last act of a stop in order.</summary>
/// <param name="StartedAt">That of its status, so that a late goodbye does not take out its successor.</param>
public sealed record WorkerLeaving(DateTimeOffset StartedAt, WorkerLogEnd Log);

/// <summary>Where a worker's own log ends for good: whoever has read so far misses nothing of it.</summary>
public sealed record WorkerLogEnd(Guid LogId, long Position);

/// <summary>
/// The workers that registered themselves. Accounts → gateways and Billing, <c>GET /internal/workers</c>, ETag long-poll. It holds what
/// seldom changes: who is away and how busy the others are, each gateway asks the workers themselves.
/// </summary>
public sealed record WorkerDirectory(IReadOnlyList<RegisteredWorker> Workers);

/// <summary>One worker.</summary>
/// <param name="Drained">By the operator's order it gets no new requests.</param>
/// <param name="Stopping">It has said that it stops. A hint to look at once, not an order: a successor may answer there already.</param>
/// <param name="Left">Not null once it has stopped in order.</param>
public sealed record RegisteredWorker(string Id, string Url, bool Drained, bool Stopping, WorkerLogEnd? Left)
{
    /// <summary>With a slash at the end, so that paths can be put to it.</summary>
    [JsonIgnore]
    public Uri BaseAddress => new(Url.TrimEnd('/') + "/");
}

/// <summary>One line of the operator's list of workers, Accounts' and a gateway's knowledge put together.</summary>
/// <param name="Id">Its address as long as nobody has heard its name.</param>
/// <param name="Since">When it was heard last, or left; null while it is there.</param>
/// <param name="Registered">False for one that only the gateways' static list names.</param>
/// <param name="Status">The last one known.</param>
public sealed record WorkerLine(
    string Id, string Url, WorkerState State, DateTimeOffset? Since, bool Registered, WorkerStatus? Status);

/// <summary>What the operator can expect of a worker.</summary>
public enum WorkerState
{
    /// <summary>It takes requests.</summary>
    Ready = 0,

    /// <summary>It takes no new ones: the operator's order, or it is stopping.</summary>
    Draining,

    /// <summary>It is registered and heard, but the gateway cannot reach it, or its circuit is open.</summary>
    Unreachable,

    /// <summary>It is not heard any more.</summary>
    Silent,

    /// <summary>It stopped in order.</summary>
    Stopped,
}
