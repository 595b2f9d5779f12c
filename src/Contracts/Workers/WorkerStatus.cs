using Tollgate.Contracts.Tensors;

namespace Tollgate.Contracts.Workers;

/// <summary>Worker → gateway, <c>GET /internal/status</c>: the worker's models and load. Polled every second.</summary>
/// <param name="WorkerId">Stable across restarts.</param>
/// <param name="ExecutionProvider"><c>cuda</c> or <c>cpu</c>: the one in use, as probed.</param>
/// <param name="Draining">Whether it takes no new requests.</param>
public sealed record WorkerStatus(
    string WorkerId, string Version, string ExecutionProvider, bool Draining, DateTimeOffset StartedAt, IReadOnlyList<ServedModel> Models)
{
    /// <summary>Whether it has not read its repository yet, so that <see cref="Models"/> lacks what is installed.</summary>
    public bool IsReading { get; init; }
}

/// <summary>One model that a worker serves, with its load.</summary>
/// <param name="Ready">Whether it is loaded and warmed up.</param>
/// <param name="Active">Number of requests in slots.</param>
/// <param name="Queued">Number of requests that wait for a slot.</param>
/// <param name="Slots">Most requests that run at once; 0 when slots do not limit it (an encoder).</param>
/// <param name="TokensPerSecond">Tokens generated per second, over the last seconds; 0 for an encoder.</param>
public sealed record ServedModel(ModelCard Card, bool Ready, int Active, int Queued, int Slots, double TokensPerSecond = 0)
{
    /// <summary><see cref="ModelState.Ready"/> where <see cref="Ready"/> is true.</summary>
    public ModelState State { get; init; }

    /// <summary>Why a broken version cannot be served, in one sentence; null otherwise.</summary>
    public string? Error { get; init; }

    /// <summary>Requests that still run in a version that leaves memory; it is gone when they have ended.</summary>
    public int Leaving { get; init; }

    /// <summary>Memory that its loading took, bytes; 0 while it is not loaded.</summary>
    public long MemoryBytes { get; init; }
}

/// <summary>Where one version of a model stands at a worker.</summary>
public enum ModelState
{
    /// <summary>Loaded and warmed up.</summary>
    Ready = 0,

    /// <summary>On its way into memory.</summary>
    Loading,

    /// <summary>Installed and not in memory; a request loads it.</summary>
    Idle,

    /// <summary>Installed and not in memory; no request loads it: its model is unloaded, or its plan lacks this version.</summary>
    Unloaded,

    /// <summary>It cannot be loaded.</summary>
    Broken,
}

/// <summary>Properties of a model that gateways need for admission. Defined by the model's manifest.</summary>
public sealed record ModelCard
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    /// <summary>Name of a <see cref="Metering.ModelTask"/>, such as <c>chat</c>, which includes completions.</summary>
    public required string Task { get; init; }

    /// <summary>Prompt and output tokens together.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Output cap in tokens of a request without one.</summary>
    public required int DefaultMaxOutput { get; init; }

    /// <summary>
    /// Upper bounds of what the model adds to a prompt; null while it is not loaded, when its context length is the bound.
    /// </summary>
    public PromptMeasure? Measure { get; init; }

    /// <summary>Null for a model that does not draw, or is not loaded.</summary>
    public DrawingMeasure? Drawing { get; init; }

    /// <summary>Inputs and outputs of a model that is called with tensors; null for any other one, and while it is not loaded.</summary>
    public TensorSignature? Tensors { get; init; }

    /// <summary>Width of the vectors of an embedding model; 0 otherwise.</summary>
    public int EmbeddingWidth { get; init; }

    /// <summary>Whether a classifier maps its labels to categories of <c>/v1/moderations</c>.</summary>
    public bool Moderates { get; init; }

    public string? Licence { get; init; }

    public string? Description { get; init; }

    /// <summary>When this version was installed.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The only project that may call it; null for a model that the operator installed.</summary>
    public ModelOwner? Owner { get; init; }

    /// <summary>Whether a project may know of the model and call it: its own ones, and those of everybody.</summary>
    public bool IsOpenTo(Guid organizationId, Guid projectId) => Owner is null || Owner == new ModelOwner(organizationId, projectId);

    /// <summary>The name whose price applies while the model has none of its own; null for no such name.</summary>
    public string? PricedAs { get; init; }

    /// <summary>The group whose process serves it; null for the worker's own process.</summary>
    public string? Group { get; init; }

    /// <summary>How the matrices of a decoder are held: <c>f32</c>, <c>stored</c> (as in its file), <c>int8</c> or <c>int4</c>, and on CUDA
    /// <c>f16</c>, <c>f16-int8</c> or <c>f16-int4</c>; null for other models.</summary>
    public string? Precision { get; init; }

    /// <summary>How far a decoder is from its source; null for other models, and for those of before it was measured.</summary>
    public ModelParity? Parity { get; init; }
}

/// <summary>The project that a trained model belongs to.</summary>
public sealed record ModelOwner(Guid OrganizationId, Guid ProjectId);

/// <summary>
/// Worker's answer to <c>POST /internal/requests/{request id, 32 hex}/cancel</c>, sent after the rows have left their slots.
/// </summary>
/// <param name="Known">False when the worker is not running the request; the units then come from its log, if it has any.</param>
public sealed record Cancelled(bool Known, Metering.Units Units);

/// <summary>Headers between gateway and worker. The gateway drops every <c>x-tollgate-*</c> header that a client sends.</summary>
public static class WorkerHeaders
{
    /// <summary>
    /// Gateway → worker: 32 hex digits. Learning → gateway: the id of a call through the internal door, new for each, so that its usage row
    /// is found however the call ends.
    /// </summary>
    public const string RequestId = "x-tollgate-request-id";

    /// <summary>Gateway → worker: counts from 1.</summary>
    public const string Attempt = "x-tollgate-attempt";

    /// <summary>Gateway → worker: 32 hex digits, for fairness between organizations.</summary>
    public const string Organization = "x-tollgate-organization";

    /// <summary>
    /// Gateway → worker: the most units that the request's hold pays for, as <see cref="Metering.Units.ToString"/> writes them. The worker
    /// runs nothing that would use more.
    /// </summary>
    public const string Bound = "x-tollgate-bound";

    /// <summary>
    /// Learning → gateway and gateway → worker: a name of <see cref="Metering.ServiceClassNames"/>; without it a request is a standard one.
    /// The gateway reads it on its internal listener alone.
    /// </summary>
    public const string ServiceClass = "x-tollgate-service-class";

    /// <summary>
    /// Learning → gateway: name of the only worker that may take the request, as in the directory. The gateway reads it on its internal
    /// listener alone, and answers 503 with <c>Retry-After</c> while that worker is away.
    /// </summary>
    public const string Worker = "x-tollgate-worker";

    /// <summary>Gateway → worker: the version of the model that the body names. A worker that does not have it in memory, and cannot load
    /// it now, answers 503 with <see cref="OpenAi.OpenAiError.ModelNotLoadedCode"/>. Without it the worker chooses.</summary>
    public const string Version = "x-tollgate-version";

    /// <summary>Gateway → worker: <c>1</c> for a copy of a request, whose answer nobody gets. It waits for all other work and stands in no
    /// log of what was computed.</summary>
    public const string Shadow = "x-tollgate-shadow";

    /// <summary>Worker → gateway: how long the request waited for a slot, milliseconds.</summary>
    public const string QueueMs = "x-tollgate-queue-ms";
}

/// <summary>One line of a worker's log, the second record of usage. <c>GET /internal/witness?after=&lt;position&gt;</c>.</summary>
/// <param name="Position">Byte position after this entry, from which to continue.</param>
/// <param name="Units">Generated units, delivered or not.</param>
public sealed record WitnessEntry(
    long Position, Guid RequestId, int Attempt, Guid? OrganizationId, string Model, Metering.Units Units, DateTimeOffset At)
{
    public Metering.ServiceClass ServiceClass { get; init; }
}

/// <summary>A page of a worker's log.</summary>
public sealed record WitnessPage(Guid LogId, IReadOnlyList<WitnessEntry> Entries, long Next);
