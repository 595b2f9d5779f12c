using Tollgate.Contracts.Money;

namespace Tollgate.Contracts.Usage;

/// <summary>
/// One admitted request, as the gateway charges it: the one billable row (seq 0). Billing prices it from units × price version, by its own
/// figures where it has that version.
/// </summary>
public sealed record UsageEvent
{
    /// <summary>UUIDv7, the one deduplication key from the hold to the invoice line.</summary>
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

    /// <summary>Which attempt at a worker the units come from; counts from 1, 0 when none was made.</summary>
    public required int Attempt { get; init; }

    /// <summary>Price that was in force at admission.</summary>
    public required Guid PriceVersion { get; init; }

    /// <summary>
    /// That price, from which Billing writes a version down again that its restored database has lost. Null when the sender does not know it.
    /// </summary>
    public UsagePrice? Price { get; init; }

    /// <summary>The wallet's epoch whose lease held the money.</summary>
    public required long Epoch { get; init; }

    /// <summary>What is charged, already by the outcome table: all zero where nothing is.</summary>
    public required Units Units { get; init; }

    /// <summary>Output tokens in events handed to the response writer; never more than the charged output.</summary>
    public required long Delivered { get; init; }

    public required Outcome Outcome { get; init; }

    /// <summary>Redis TIME of the admission; decides price, period and partition.</summary>
    public required DateTimeOffset AdmittedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>Who counted: the gateway that served it, its recovery after a crash, or the worker's log.</summary>
    public UsageSource Source { get; init; }
}

/// <summary>The price of a usage event's version, for its model.</summary>
/// <param name="EffectiveFrom">When it came into force; null when unknown, and then it can price this usage and nothing else.</param>
/// <param name="IsOrganizationsOwn">Whether it is a price of the event's organization alone; otherwise the list price.</param>
public sealed record UsagePrice(UnitPrices PicoUsd, DateTimeOffset? EffectiveFrom, bool IsOrganizationsOwn);

/// <summary>How a request ended. Values are stored in journals and rows and never change.</summary>
public enum Outcome
{
    Completed = 1,

    /// <summary>The client left before anything went out; what was computed is charged beyond the organization's allowance.</summary>
    ClientLeftBeforeFirstToken = 2,

    /// <summary>The client left while tokens were coming; charged to the token at which the worker stopped.</summary>
    ClientLeft = 3,

    /// <summary>Failed, was refused by the worker, or took too long before the first token; charged is what took too long, beyond the
    /// organization's allowance.</summary>
    FailedBeforeFirstToken = 4,

    /// <summary>The worker died or timed out after tokens went out; charged are those that went out.</summary>
    FailedAfterFirstToken = 5,

    /// <summary>The gateway died; its recovery charged the last progress that its journal holds.</summary>
    GatewayDied = 6,

    /// <summary>The model ended at once by itself; the prompt is charged beyond the organization's allowance.</summary>
    Empty = 7,
}

/// <summary>Who counted the units of a usage event.</summary>
public enum UsageSource
{
    Gateway = 0,
    Recovery = 1,
    Worker = 2,
    Estimate = 3,
}
