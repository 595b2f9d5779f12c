namespace Tollgate.Contracts.Keys;

/// <summary>An API key as gateways know it. Only Accounts writes it to Redis; gateways cache it and never write it back.</summary>
public sealed record KeyRecord
{
    /// <summary>The 12 base62 characters after <c>sk-tg-</c>; safe to log and show.</summary>
    public required string PublicId { get; init; }

    public required Guid KeyId { get; init; }

    public required Guid OrganizationId { get; init; }

    public required Guid ProjectId { get; init; }

    /// <summary>
    /// UUIDv7 of the last change, so that a restored database cannot reuse one. Compared as text; a greater one is newer.
    /// </summary>
    public required Guid Version { get; init; }

    public required KeyState State { get; init; }

    /// <summary>One secret, or two while a rotation overlaps.</summary>
    public required IReadOnlyList<KeySecret> Secrets { get; init; }

    /// <summary>When the key expires; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Endpoints that the key may call, such as <c>chat.completions</c>; null for all. See <c>PublicEndpoint</c>.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Models that the key may call, by alias or name; null for all.</summary>
    public IReadOnlyList<string>? ModelsAllowed { get; init; }

    /// <summary>Models that the key may not call; overrides <see cref="ModelsAllowed"/>.</summary>
    public IReadOnlyList<string>? ModelsDenied { get; init; }

    /// <summary>Client networks in CIDR form; null for all.</summary>
    public IReadOnlyList<string>? Networks { get; init; }

    /// <summary>Limits of this key, in addition to those of its project and organization.</summary>
    public required Limits Limits { get; init; }
}

/// <summary>State of a key. A revoked key's record stays, so that a late write cannot restore it.</summary>
public enum KeyState
{
    Active = 0,
    Disabled = 1,
    Revoked = 2,
}

/// <summary>One stored secret of a key.</summary>
/// <param name="Mac">HMAC-SHA-256 of the secret part's ASCII bytes under the pepper, 32 bytes in base64.</param>
/// <param name="PepperId">Id of the pepper.</param>
/// <param name="NotAfter">End of the overlap of a rotation; null for the current secret.</param>
public sealed record KeySecret(string Mac, string PepperId, DateTimeOffset? NotAfter);
