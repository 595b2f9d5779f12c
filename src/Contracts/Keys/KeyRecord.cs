namespace Tollgate.Contracts.Keys;

/// <summary>What a gateway may know of an API key. Accounts alone writes it to Redis;
/// a gateway caches it and never writes it back.</summary>
public sealed record KeyRecord
{
    /// <summary>The 12 base62 characters after <c>sk-tg-</c>; safe in logs and on pages.</summary>
    public required string PublicId { get; init; }

    public required Guid KeyId { get; init; }

    public required Guid OrganizationId { get; init; }

    public required Guid ProjectId { get; init; }

    /// <summary>UUIDv7 of the last change, so that a restored database can never reuse one. Compared as text, greater is newer.</summary>
    public required Guid Version { get; init; }

    public required KeyState State { get; init; }

    /// <summary>One secret, or two while a rotation overlaps.</summary>
    public required IReadOnlyList<KeySecret> Secrets { get; init; }

    /// <summary>When the key stops working by itself; null never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Endpoints the key may call, such as <c>chat.completions</c>; null all. See <see cref="KeyScopes"/>.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Models the key may call, by alias or name; null all.</summary>
    public IReadOnlyList<string>? ModelsAllowed { get; init; }

    /// <summary>Models the key may not call; wins over <see cref="ModelsAllowed"/>.</summary>
    public IReadOnlyList<string>? ModelsDenied { get; init; }

    /// <summary>Client networks in CIDR form; null all.</summary>
    public IReadOnlyList<string>? Networks { get; init; }

    /// <summary>Limits of this key alone, besides those of its project and organization.</summary>
    public required Limits Limits { get; init; }
}

/// <summary>Whether a key works. A revoked key stays as a tombstone, so that no late write can bring it back.</summary>
public enum KeyState
{
    Active = 0,
    Disabled = 1,
    Revoked = 2,
}

/// <summary>One stored secret of a key.</summary>
/// <param name="Mac">HMAC-SHA-256 of the secret part's ASCII bytes under the pepper, 32 bytes in base64.</param>
/// <param name="PepperId">Which pepper.</param>
/// <param name="NotAfter">End of the overlap of a rotation; null for the current secret.</param>
public sealed record KeySecret(string Mac, string PepperId, DateTimeOffset? NotAfter);

/// <summary>Names of the endpoints that a key can be confined to.</summary>
public static class KeyScopes
{
    public const string ChatCompletions = "chat.completions";
    public const string Completions = "completions";
    public const string Embeddings = "embeddings";
    public const string Models = "models";

    /// <summary>Every one of them.</summary>
    public static readonly IReadOnlyList<string> All = [ChatCompletions, Completions, Embeddings, Models];
}
