using System.Text.Json.Serialization;
using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.Money;

/// <summary>The price book for gateways. Billing → gateway, <c>GET /internal/prices</c>, ETag long-poll.</summary>
/// <param name="Prices">In force now or later; no older ones.</param>
public sealed record PriceSnapshot(IReadOnlyList<ModelPrice> Prices)
{
    /// <summary>When the newest price that is in force by Billing's clock began: no reader of this is earlier, whatever its own clock
    /// says. Billing of earlier versions lacks it.</summary>
    public DateTimeOffset Since { get; init; }
}

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
/// <param name="BatchFactor">Share of the cost that requests of class batch pay, ten-thousandths: 0 to 10,000.</param>
[method: JsonConstructor]
public readonly record struct UnitPrices(
    long Input, long Cached, long Output, long Reasoning, long AudioMs, long Image, long Pixel = 0, long Step = 0,
    long Call = 0, long Element = 0, int BatchFactor = UnitPrices.UsualBatchFactor)
{
    /// <summary>The factor that changes nothing.</summary>
    public const int WholeFactor = 10_000;

    /// <summary>Half, for prices that name no factor.</summary>
    public const int UsualBatchFactor = WholeFactor / 2;

    /// <summary>Makes prices of one number for each of <see cref="UnitKind.All"/>.</summary>
    public static UnitPrices Of(UnitCounts picoUsd, int batchFactor = UsualBatchFactor) =>
        new(picoUsd[0], picoUsd[1], picoUsd[2], picoUsd[3], picoUsd[4], picoUsd[5], picoUsd[6], picoUsd[7],
            picoUsd[8], picoUsd[9], batchFactor);

    /// <summary>
    /// Returns the cost of <paramref name="units"/>, whole pico-dollars. It is exact for standard requests. For batch requests it is the
    /// exact cost times <see cref="BatchFactor"/>, once rounded up to a whole pico-dollar, the last decimal of the ledger.
    /// </summary>
    /// <exception cref="OverflowException">The cost does not fit; no realistic cost comes near.</exception>
    /// <remarks>Billing's function <c>units_cost</c> computes the same.</remarks>
    public Int128 CostPicoUsd(Units units, ServiceClass serviceClass)
    {
        checked
        {
            var whole = ((Int128)units.Input * Input) + ((Int128)units.Cached * Cached) + ((Int128)units.Output * Output)
                + ((Int128)units.Reasoning * Reasoning) + ((Int128)units.AudioMs * AudioMs) + ((Int128)units.Images * Image)
                + ((Int128)units.Pixels * Pixel) + ((Int128)units.Steps * Step)
                + ((Int128)units.Calls * Call) + ((Int128)units.Elements * Element);
            return serviceClass == ServiceClass.Batch ? ((whole * BatchFactor) + WholeFactor - 1) / WholeFactor : whole;
        }
    }

    /// <summary>Returns the cost of <paramref name="units"/> rounded up to whole nano-dollars, as the till holds and books it.</summary>
    public long CostNanoUsd(Units units, ServiceClass serviceClass) =>
        checked((long)((CostPicoUsd(units, serviceClass) + 999) / 1000));
}

/// <summary>
/// Command line → Accounts and Accounts → Billing: <c>POST /internal/prices</c> sets a price. <c>POST /internal/prices/check</c> of Billing
/// only lists its faults. In US dollars; <see cref="PriceMember.All"/> has the range of each amount. Hidden output costs as much as visible
/// output.
/// </summary>
/// <param name="InputPerMillion">For a million prompt tokens.</param>
/// <param name="OutputPerMillion">For a million generated tokens.</param>
/// <param name="OnlyIfMissing">Whether to keep an existing price of the model.</param>
/// <param name="EffectiveFrom">Future instant from which the price is in force; null means now.</param>
/// <param name="OrganizationId">The only organization that pays this price; null for the list price.</param>
/// <param name="Task">The model's task. Accounts asks the fleet when the command line leaves it out.</param>
public sealed record SetPrice(
    string Model, decimal? InputPerMillion, decimal? OutputPerMillion, bool OnlyIfMissing, DateTimeOffset? EffectiveFrom = null,
    Guid? OrganizationId = null, string? Task = null)
{
    /// <summary>Highest price of a million units. It fits the column <c>numeric(18,6)</c> and keeps pico-dollars far below 2^63.</summary>
    public const decimal MostPerMillion = 1_000_000_000m;

    /// <summary>For a million prompt tokens out of a prefix cache, at most as much as for others; null means a tenth of that.</summary>
    public decimal? CachedPerMillion { get; init; }

    /// <summary>For 1,000 seconds of audio, which are a million milliseconds.</summary>
    public decimal? PerThousandSeconds { get; init; }

    public decimal? PerImage { get; init; }

    public decimal? PerMillionPixels { get; init; }

    /// <summary>For one step of a denoiser.</summary>
    public decimal? PerStep { get; init; }

    /// <summary>For one call of a model that is called with tensors.</summary>
    public decimal? PerRequest { get; init; }

    /// <summary>For a million elements of the tensors that such a call reads and gives back.</summary>
    public decimal? PerMillionElements { get; init; }

    /// <summary>Share of the price that requests of class batch pay, 0 to 1 with at most four decimals; null means 0.5.</summary>
    public decimal? BatchFactor { get; init; }

    /// <summary>What <see cref="BatchFactor"/> may be, in words.</summary>
    public const string BatchFactorRange = "Share of the price that batches pay: 0 to 1, at most four decimals.";

    /// <summary>Whether <see cref="BatchFactor"/> lies in its range.</summary>
    public bool HasBatchFactor => BatchFactor is null or (>= 0 and <= 1) && decimal.Round(BatchFactor ?? 0, 4) == (BatchFactor ?? 0);

    /// <summary>Returns <see cref="BatchFactor"/> in ten-thousandths, as <see cref="UnitPrices.BatchFactor"/>.</summary>
    public int BatchTenThousandths() =>
        BatchFactor is { } factor ? decimal.ToInt32(factor * UnitPrices.WholeFactor) : UnitPrices.UsualBatchFactor;

    /// <summary>Returns the price of a million units of a kind.</summary>
    public decimal PerMillion(UnitKind kind)
    {
        var member = PriceMember.All.Single(member => member.Set == kind.Set);
        return AmountOf(member) * member.Factor;
    }

    /// <summary>Returns an amount. One that the order does not name is 0, or for cached tokens a tenth of the price of input, rounded up to
    /// six decimals.</summary>
    public decimal AmountOf(PriceMember member) => member.Of(this)
        ?? (member.Set == UnitSet.Cached ? decimal.Ceiling((InputPerMillion ?? 0) * 100_000) / 1_000_000 : 0);

    /// <summary>Lists amounts that the model's task needs and the order lacks, and those of units that the task never uses, by
    /// member.</summary>
    public IReadOnlyList<(string Member, string Text)> FindFaults() => FindFaults(ModelTask.Find(Task));

    /// <param name="task">
    /// Null when it is unknown: then the order must name tokens' prices, or a price of another unit.
    /// </param>
    internal IReadOnlyList<(string Member, string Text)> FindFaults(ModelTask? task)
    {
        var isOther = task is null && PriceMember.All.Any(member => member.IsMedia && member.Of(this) is not null);
        var required = task?.Uses ?? (isOther ? UnitSet.None : UnitSet.Input | UnitSet.Output);
        List<(string Member, string Text)> faults = [];
        foreach (var member in PriceMember.All)
        {
            var isUsed = (required & member.Set) != UnitSet.None;
            if (isUsed && member.Of(this) is null && member.Missing is { } missing)
            {
                faults.Add((member.Name, missing));
            }
            else if (task is not null && !isUsed && member.Of(this) > 0)
            {
                faults.Add((member.Name, $"A model for {task.Label} is never charged for this. Leave the price out."));
            }
        }

        if (CachedPerMillion > (InputPerMillion ?? 0))
        {
            faults.Add(("cachedPerMillion", "At most the price of input, at which a request's money is held."));
        }

        return faults;
    }
}
