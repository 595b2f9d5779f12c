namespace Tollgate.Accounts.Keys;

/// <summary>What a key may do. Null means everything, what comes later too.</summary>
/// <param name="Scopes">Endpoints of <see cref="Contracts.Keys.KeyScopes"/>.</param>
/// <param name="ModelsAllowed">By real name or alias.</param>
/// <param name="ModelsDenied">Wins over <paramref name="ModelsAllowed"/>.</param>
/// <param name="Networks">CIDR form.</param>
/// <param name="ExpiresAt">Null never.</param>
internal sealed record KeyAccess(
    string[]? Scopes, string[]? ModelsAllowed, string[]? ModelsDenied, string[]? Networks, DateTimeOffset? ExpiresAt)
{
    public static readonly KeyAccess All = new(null, null, null, null, null);

    public bool Equals(KeyAccess? other) => other is not null && ExpiresAt == other.ExpiresAt && Same(Scopes, other.Scopes)
        && Same(ModelsAllowed, other.ModelsAllowed) && Same(ModelsDenied, other.ModelsDenied) && Same(Networks, other.Networks);

    public override int GetHashCode() => HashCode.Combine(ExpiresAt, Scopes?.Length, ModelsAllowed?.Length, ModelsDenied?.Length);

    private static bool Same(string[]? one, string[]? other) =>
        one is null || other is null ? one == other : one.AsSpan().SequenceEqual(other);
}
