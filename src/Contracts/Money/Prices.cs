using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.Money;

/// <summary>The price book for gateways. Billing → gateway, <c>GET /internal/prices</c>, ETag long-poll.</summary>
public sealed record PriceSnapshot(IReadOnlyList<ModelPrice> Prices);

/// <summary>Price of one model from an instant on.</summary>
/// <param name="Model">The model's real name.</param>
/// <param name="Version">Fixed for every request admitted under it.</param>
/// <param name="EffectiveFrom">In force from this instant until the next version of the same model and organization.</param>
/// <param name="OrganizationId">The only organization that pays this price; null for the list price.</param>
public sealed record ModelPrice(
    string Model, Guid Version, DateTimeOffset EffectiveFrom, Guid? OrganizationId, UnitPrices PicoUsd);

/// <summary>
/// Pico-dollars (10^-12 USD) per unit of each kind. A list price of X dollars per million tokens is X × 10^6 pico-dollars per token, a
/// whole number for every price with at most six decimals.
/// </summary>
public readonly record struct UnitPrices(long Input, long Cached, long Output, long Reasoning, long AudioMs, long Image)
{
    /// <summary>Makes prices of one number for each of <see cref="UnitKind.All"/>.</summary>
    public static UnitPrices Of(UnitCounts picoUsd) => new(picoUsd[0], picoUsd[1], picoUsd[2], picoUsd[3], picoUsd[4], picoUsd[5]);

    /// <summary>Returns the exact cost of <paramref name="units"/>, pico-dollars.</summary>
    /// <exception cref="OverflowException">The cost does not fit; no realistic cost comes near.</exception>
    public Int128 CostPicoUsd(Units units) => checked(
        ((Int128)units.Input * Input) + ((Int128)units.Cached * Cached) + ((Int128)units.Output * Output)
        + ((Int128)units.Reasoning * Reasoning) + ((Int128)units.AudioMs * AudioMs) + ((Int128)units.Images * Image));

    /// <summary>Returns the cost of <paramref name="units"/> rounded up to whole nano-dollars, as the till holds and books it.</summary>
    public long CostNanoUsd(Units units) => checked((long)((CostPicoUsd(units) + 999) / 1000));
}

/// <summary>
/// Command line → Accounts and Accounts → Billing: <c>POST /internal/prices</c> sets a price. <c>POST /internal/prices/check</c> of Billing
/// only lists its faults. Dollars per million units, 0 to <see cref="MostPerMillion"/>, at most six decimals.
/// </summary>
/// <param name="InputPerMillion">Required.</param>
/// <param name="OutputPerMillion">Required for a model that generates; null means 0 for any other.</param>
/// <param name="OnlyIfMissing">Whether to keep an existing price of the model.</param>
/// <param name="EffectiveFrom">Future instant from which the price is in force; null means now.</param>
/// <param name="OrganizationId">The only organization that pays this price; null for the list price.</param>
/// <param name="Task">
/// The model's task. Accounts asks the fleet when the command line leaves it out. Null at Billing counts as a model that generates.
/// </param>
public sealed record SetPrice(
    string Model, decimal? InputPerMillion, decimal? OutputPerMillion, bool OnlyIfMissing, DateTimeOffset? EffectiveFrom = null,
    Guid? OrganizationId = null, string? Task = null)
{
    /// <summary>Highest price. It fits the column <c>numeric(18,6)</c> and keeps pico-dollars far below 2^63.</summary>
    public const decimal MostPerMillion = 1_000_000_000m;

    /// <summary>Lists required amounts that the order lacks, by member.</summary>
    public IReadOnlyList<(string Member, string Text)> FindMissing()
    {
        List<(string Member, string Text)> missing = [];
        if (InputPerMillion is null)
        {
            missing.Add(("inputPerMillion", "Name a price for input."));
        }

        if (OutputPerMillion is null && ModelTask.Find(Task) is not { Generates: false })
        {
            missing.Add(("outputPerMillion", "Name a price for output: the model may generate. 0 makes output free."));
        }

        return missing;
    }
}
