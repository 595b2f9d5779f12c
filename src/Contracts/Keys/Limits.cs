namespace Tollgate.Contracts.Keys;

/// <summary>Limits of one subject: a key, a project, an organization, or an organization on one model. Null means not limited.</summary>
public sealed record Limits
{
    public static readonly Limits None = new();

    /// <summary>Requests per minute, at most 10^9.</summary>
    public long? RequestsPerMinute { get; init; }

    /// <summary>Tokens per minute, prompt and output cap together, at most 10^9.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>Requests per day, at most 10^8, so that <c>limit × window</c> in milliseconds stays below 2^53.</summary>
    public long? RequestsPerDay { get; init; }

    /// <summary>Tokens per day, at most 10^8.</summary>
    public long? TokensPerDay { get; init; }

    /// <summary>Requests running at the same time.</summary>
    public long? Concurrency { get; init; }

    /// <summary>Spend in one UTC day, nano-dollars.</summary>
    public long? BudgetPerDayNanoUsd { get; init; }

    /// <summary>Spend in one UTC month, nano-dollars.</summary>
    public long? BudgetPerMonthNanoUsd { get; init; }
}

/// <summary>What a gateway must know of an organization besides its keys. Written to Redis by Accounts alone.</summary>
public sealed record OrganizationPolicy
{
    public required Guid OrganizationId { get; init; }

    /// <summary>UUIDv7 of the last change; greater is newer.</summary>
    public required Guid Version { get; init; }

    /// <summary>A suspended organization's requests are refused with 403.</summary>
    public required bool Suspended { get; init; }

    public required Limits Limits { get; init; }

    /// <summary>Limits by project id (32 hex digits); a project without an entry has none.</summary>
    public required IReadOnlyDictionary<string, Limits> Projects { get; init; }

    /// <summary>Limits of this organization on one model, by the model's real name.</summary>
    public required IReadOnlyDictionary<string, Limits> Models { get; init; }
}

/// <summary>Accounts' answer when a gateway asks for a key that Redis does not hold. Accounts
/// has written both records to Redis before it answers.</summary>
public sealed record ResolvedKey(KeyRecord Key, OrganizationPolicy Policy);

/// <summary>Gateway → Accounts, <c>POST /internal/keys/resolve</c>; 404 when no such key was ever made.</summary>
public sealed record ResolveKey(string PublicId);
