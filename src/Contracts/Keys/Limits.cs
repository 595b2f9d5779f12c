namespace Tollgate.Contracts.Keys;

/// <summary>
/// Limits of one subject: a key, a project, an organization, or an organization on one model. Null means no limit. <see cref="LimitKinds"/>
/// has the range of each.
/// </summary>
public sealed record Limits
{
    public static readonly Limits None = new();

    /// <summary>Requests per minute.</summary>
    public long? RequestsPerMinute { get; init; }

    /// <summary>Tokens per minute, prompt and output cap together.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>Requests per day.</summary>
    public long? RequestsPerDay { get; init; }

    /// <summary>Tokens per day.</summary>
    public long? TokensPerDay { get; init; }

    /// <summary>Requests running at the same time.</summary>
    public long? Concurrency { get; init; }

    /// <summary>Spend in one UTC day, nano-dollars.</summary>
    public long? BudgetPerDayNanoUsd { get; init; }

    /// <summary>Spend in one UTC month, nano-dollars.</summary>
    public long? BudgetPerMonthNanoUsd { get; init; }
}

/// <summary>Rules of an organization for gateways, besides its keys. Only Accounts writes it to Redis.</summary>
public sealed record OrganizationPolicy
{
    public required Guid OrganizationId { get; init; }

    /// <summary>UUIDv7 of the last change; a greater one is newer.</summary>
    public required Guid Version { get; init; }

    /// <summary>A suspended organization's requests are refused with 403.</summary>
    public required bool Suspended { get; init; }

    public required Limits Limits { get; init; }

    /// <summary>Limits by project id (32 hex digits); a project without an entry has none.</summary>
    public required IReadOnlyDictionary<string, Limits> Projects { get; init; }

    /// <summary>Names, archives and models by project id (32 hex digits). Null, or a project without an entry: no such rule.</summary>
    public IReadOnlyDictionary<string, ProjectRules>? ProjectRules { get; init; }

    /// <summary>Projects, by id (32 hex digits), whose responses of <c>/v1/responses</c> are not kept; null for none.</summary>
    public IReadOnlyList<string>? KeepNoResponses { get; init; }

    /// <summary>Limits of this organization on one model, by the model's real name.</summary>
    public required IReadOnlyDictionary<string, Limits> Models { get; init; }
}

/// <summary>
/// Accounts' answer to a gateway that asks for a key missing in Redis. Accounts writes both records to Redis before it answers.
/// </summary>
public sealed record ResolvedKey(KeyRecord Key, OrganizationPolicy Policy);

/// <summary>Gateway → Accounts, <c>POST /internal/keys/resolve</c>; 404 when the key never existed.</summary>
public sealed record ResolveKey(string PublicId);
