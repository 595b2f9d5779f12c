namespace Tollgate.Contracts.Workers;

/// <summary>Worker → gateway, <c>GET /internal/status</c>: what it serves and how busy it is. Polled every second.</summary>
/// <param name="WorkerId">Stable over restarts.</param>
/// <param name="ExecutionProvider"><c>cuda</c> or <c>cpu</c>: the one in use, probed.</param>
/// <param name="Draining">Takes no new requests.</param>
public sealed record WorkerStatus(
    string WorkerId, string Version, string ExecutionProvider, bool Draining, DateTimeOffset StartedAt, IReadOnlyList<ServedModel> Models);

/// <summary>One model that a worker serves, with its load.</summary>
/// <param name="Ready">Loaded and warmed up.</param>
/// <param name="Active">Requests in slots.</param>
/// <param name="Queued">Requests that wait for a slot.</param>
/// <param name="Slots">Most requests that run at once; 0 where no slots limit it (an encoder).</param>
/// <param name="TokensPerSecond">Tokens generated in the last seconds; 0 for an encoder.</param>
public sealed record ServedModel(ModelCard Card, bool Ready, int Active, int Queued, int Slots, double TokensPerSecond = 0);

/// <summary>What a gateway must know of a model to admit a request for it. Owned by the model's manifest.</summary>
public sealed record ModelCard
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    /// <summary><c>chat</c> (completions too) or <c>embeddings</c>.</summary>
    public required string Task { get; init; }

    /// <summary>Prompt and output together, tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Output cap of a request that names none, tokens.</summary>
    public required int DefaultMaxOutput { get; init; }

    /// <summary>What the model adds to a prompt at most; null while it is not loaded, and then its context is the bound.</summary>
    public PromptMeasure? Measure { get; init; }

    /// <summary>Width of the vectors of an embedding model; 0 otherwise.</summary>
    public int EmbeddingWidth { get; init; }

    public string? Licence { get; init; }

    public string? Description { get; init; }

    /// <summary>When this version was installed.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Worker's answer to <c>POST /internal/requests/{request id, 32
/// hex}/cancel</c>, sent once the rows have left their slots.</summary>
/// <param name="Known">False when the worker has no such request running; the units are then those of its log, if it has any.</param>
public sealed record Cancelled(bool Known, Usage.Units Units);

/// <summary>Headers between gateway and worker. The gateway drops every inbound <c>x-tollgate-*</c> header of a client.</summary>
public static class WorkerHeaders
{
    /// <summary>Gateway → worker: 32 hex digits.</summary>
    public const string RequestId = "x-tollgate-request-id";

    /// <summary>Gateway → worker: counts from 1.</summary>
    public const string Attempt = "x-tollgate-attempt";

    /// <summary>Gateway → worker: 32 hex digits; for fairness between organizations.</summary>
    public const string Organization = "x-tollgate-organization";

    /// <summary>
    /// Gateway → worker: the most units that the request's hold pays for, as <see cref="Usage.Units.ToString"/> writes them. The worker
    /// runs
    /// nothing that would use more.
    /// </summary>
    public const string Bound = "x-tollgate-bound";

    /// <summary>Worker → gateway: how long the request waited for a slot, milliseconds.</summary>
    public const string QueueMs = "x-tollgate-queue-ms";
}

/// <summary>One line of a worker's own log, the second witness. <c>GET /internal/witness?after=&lt;position&gt;</c>.</summary>
/// <param name="Position">Byte position after this entry, to ask on from.</param>
/// <param name="Units">What was generated, delivered or not.</param>
public sealed record WitnessEntry(
    long Position, Guid RequestId, int Attempt, Guid? OrganizationId, string Model, Usage.Units Units, DateTimeOffset At);

/// <summary>A page of a worker's log.</summary>
public sealed record WitnessPage(Guid LogId, IReadOnlyList<WitnessEntry> Entries, long Next);
