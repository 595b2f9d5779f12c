namespace Tollgate.Accounts.Keys;

/// <summary>What a key may do. Null allows everything, including later additions.</summary>
/// <param name="Scopes">Endpoints of <see cref="Contracts.OpenAi.PublicEndpoint.All"/>.</param>
/// <param name="ModelsAllowed">Real names or aliases.</param>
/// <param name="ModelsDenied">Real names or aliases; overrides <paramref name="ModelsAllowed"/>.</param>
/// <param name="Networks">CIDR form.</param>
/// <param name="ExpiresAt">Null for never.</param>
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
