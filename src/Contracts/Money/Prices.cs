namespace Tollgate.Contracts.Money;

/// <summary>The price book as gateways need it. Billing → gateway, <c>GET /internal/prices</c>, ETag long-poll.</summary>
public sealed record PriceSnapshot(IReadOnlyList<ModelPrice> Prices);

/// <summary>Price of one model from a date on.</summary>
/// <param name="Model">The model's real name.</param>
/// <param name="Version">Frozen on every request admitted under it.</param>
/// <param name="EffectiveFrom">In force from here until the next one of the same model and organization.</param>
/// <param name="OrganizationId">A price for one organization alone; null the list price.</param>
public sealed record ModelPrice(
    string Model, Guid Version, DateTimeOffset EffectiveFrom, Guid? OrganizationId, UnitPrices PicoUsd);

/// <summary>
/// Pico-dollars (10^-12 USD) for one unit of each kind. A list price of X dollars per million tokens is X × 10^6 pico-dollars a token, a
/// whole number for every price with at most six decimals.
/// </summary>
public readonly record struct UnitPrices(long Input, long Cached, long Output, long Reasoning, long AudioMs, long Image)
{
    /// <summary>Exact cost of <paramref name="units"/>, pico-dollars.</summary>
    /// <exception cref="OverflowException">The cost does not fit; nothing real comes near.</exception>
    public Int128 CostPicoUsd(Usage.Units units) => checked(
        ((Int128)units.Input * Input) + ((Int128)units.Cached * Cached) + ((Int128)units.Output * Output)
        + ((Int128)units.Reasoning * Reasoning) + ((Int128)units.AudioMs * AudioMs) + ((Int128)units.Images * Image));

    /// <summary>Cost of <paramref name="units"/> rounded up to whole nano-dollars: what the till holds and books.</summary>
    public long CostNanoUsd(Usage.Units units) => checked((long)((CostPicoUsd(units) + 999) / 1000));
}

/// <summary>Operator or import → Billing, <c>POST /internal/prices</c>. Dollars per million units, at most six decimals.</summary>
/// <param name="OnlyIfMissing">Leaves an existing price of the model alone.</param>
/// <param name="EffectiveFrom">In force from this future instant; null or a past one means now.</param>
/// <param name="OrganizationId">A price for one organization alone; null the list price.</param>
public sealed record SetPrice(
    string Model, decimal InputPerMillion, decimal OutputPerMillion, bool OnlyIfMissing, DateTimeOffset? EffectiveFrom = null,
    Guid? OrganizationId = null);
