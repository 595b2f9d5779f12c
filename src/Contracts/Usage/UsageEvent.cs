using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;

namespace Tollgate.Contracts.Usage;

/// <summary>
/// One admitted request as the gateway charges it: the only billable row (seq 0). Billing computes the price from units × price version,
/// preferring its own figures for that version.
/// </summary>
public sealed record UsageEvent
{
    /// <summary>UUIDv7, the only deduplication key from the hold to the invoice line.</summary>
    public required Guid RequestId { get; init; }

    /// <summary>0 for the billable row; corrections count from 1.</summary>
    public int Seq { get; init; }

    public required Guid OrganizationId { get; init; }

    public required Guid ProjectId { get; init; }

    public required Guid KeyId { get; init; }

    /// <summary>The model's real name, never an alias.</summary>
    public required string Model { get; init; }

    /// <summary>Scope name of the endpoint, such as <c>chat.completions</c>.</summary>
    public required string Endpoint { get; init; }

    public required bool Streamed { get; init; }

    /// <summary>The attempt at a worker that produced the units, counted from 1; 0 when there was none.</summary>
    public required int Attempt { get; init; }

    /// <summary>Version of the price in force at admission.</summary>
    public required Guid PriceVersion { get; init; }

    /// <summary>
    /// The price of that version, from which Billing restores a version that its database has lost. Null when the sender does not know it.
    /// </summary>
    public UsagePrice? Price { get; init; }

    /// <summary>The wallet's epoch whose lease held the money.</summary>
    public required long Epoch { get; init; }

    /// <summary>Charged units, after applying the outcome table; all zero when nothing is charged.</summary>
    public required Units Units { get; init; }

    /// <summary>Output tokens in events passed to the response writer; never more than the charged output.</summary>
    public required long Delivered { get; init; }

    public required Outcome Outcome { get; init; }

    /// <summary>Redis TIME of the admission; decides price, period and partition.</summary>
    public required DateTimeOffset AdmittedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>Source of the counts.</summary>
    public UsageSource Source { get; init; }

    /// <summary>Decides which share of the price is charged.</summary>
    public ServiceClass ServiceClass { get; init; }

    /// <summary>Version of the model that the request was sent to; null where the sender does not know it. It changes no price.</summary>
    public string? ModelVersion { get; init; }
}

/// <summary>Price of a usage event's version, for its model.</summary>
/// <param name="EffectiveFrom">When it came into force; null when unknown, and then it prices only this usage.</param>
/// <param name="IsOrganizationsOwn">True for a price of the event's organization alone, false for the list price.</param>
public sealed record UsagePrice(UnitPrices PicoUsd, DateTimeOffset? EffectiveFrom, bool IsOrganizationsOwn);

/// <summary>How a request ended. Journals and rows store the values, so they never change.</summary>
public enum Outcome
{
    Completed = 1,

    /// <summary>The client left before any output was sent; computed units are charged beyond the organization's allowance.</summary>
    ClientLeftBeforeFirstToken = 2,

    /// <summary>The client left during the output; charged up to the token at which the worker stopped.</summary>
    ClientLeft = 3,

    /// <summary>
    /// Failed, was refused by the worker, or timed out before the first token. Only a timeout is charged, beyond the organization's
    /// allowance.
    /// </summary>
    FailedBeforeFirstToken = 4,

    /// <summary>The worker died or timed out after output was sent, or did not confirm its stop when the client left; the sent tokens are
    /// charged.</summary>
    FailedAfterFirstToken = 5,

    /// <summary>The gateway died; its recovery charged the last progress in its journal.</summary>
    GatewayDied = 6,

    /// <summary>The model ended immediately by itself; the prompt is charged beyond the organization's allowance.</summary>
    Empty = 7,
}

/// <summary>
/// Source of a usage event's units: the gateway that served it, its recovery after a crash, the worker's log, or an estimate.
/// </summary>
public enum UsageSource
{
    Gateway = 0,
    Recovery = 1,
    Worker = 2,
    Estimate = 3,
}
