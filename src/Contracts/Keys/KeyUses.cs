namespace Tollgate.Contracts.Keys;

/// <summary>
/// Gateway → Accounts, <c>POST /internal/keys/uses</c>: uses of keys since the gateway's last batch. A gateway sends one batch at a time
/// and repeats it until it is taken. A batch that was already taken changes nothing.
/// </summary>
/// <param name="Boot">Id created when the gateway started.</param>
/// <param name="Sequence">1 for the boot's first batch, then rising by 1.</param>
/// <param name="Uses">At most <see cref="MostUses"/>.</param>
public sealed record KeyUseBatch(Guid Boot, long Sequence, IReadOnlyList<KeyUse> Uses)
{
    public const int MostUses = 5_000;
}

/// <summary>Authenticated requests with one secret of a key, including refused ones.</summary>
/// <param name="OverlapEndsAt">
/// Null for the current secret; else the old secret's <see cref="KeySecret.NotAfter"/>, which identifies the rotation.
/// </param>
/// <param name="Calls">At least 1.</param>
/// <param name="LastAt">By the gateway's clock.</param>
public sealed record KeyUse(Guid KeyId, DateTimeOffset? OverlapEndsAt, long Calls, DateTimeOffset LastAt);
