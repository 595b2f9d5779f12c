namespace Tollgate.Contracts.Keys;

/// <summary>
/// Gateway → Accounts, <c>POST /internal/keys/uses</c>: how often keys were used since the gateway's last batch. A gateway sends one
/// batch at a time, the same one until it is taken; one that was taken before changes nothing.
/// </summary>
/// <param name="Boot">Made when the gateway started.</param>
/// <param name="Sequence">1 for the boot's first batch, and one more for each.</param>
/// <param name="Uses">At most <see cref="MostUses"/>.</param>
public sealed record KeyUseBatch(Guid Boot, long Sequence, IReadOnlyList<KeyUse> Uses)
{
    public const int MostUses = 5_000;
}

/// <summary>The authenticated requests of one secret of a key, refused ones too.</summary>
/// <param name="OverlapEndsAt">Null for the current secret; else <see cref="KeySecret.NotAfter"/> of the old one: it names the
/// rotation.</param>
/// <param name="Calls">At least 1.</param>
/// <param name="LastAt">On the gateway's clock.</param>
public sealed record KeyUse(Guid KeyId, DateTimeOffset? OverlapEndsAt, long Calls, DateTimeOffset LastAt);
