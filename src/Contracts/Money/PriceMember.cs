using System.Collections.Immutable;
using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.Money;

/// <summary>One amount of a price order, as forms, options and texts show it.</summary>
/// <param name="Name">Member in JSON.</param>
/// <param name="Label">Name in the portal.</param>
/// <param name="Quote">What the amount pays, such as <c>million tokens</c>.</param>
/// <param name="Factor">How many times the amount a million units cost.</param>
/// <param name="Set">The units that have this price.</param>
/// <param name="Missing">What to do when an order lacks it; null where it need not name it.</param>
/// <param name="Of">Reads the amount of an order, US dollars.</param>
/// <param name="PicoOf">Reads the price in force, pico-dollars per unit.</param>
public sealed record PriceMember(
    string Name, string Label, string Quote, decimal Factor, UnitSet Set, string? Missing, Func<SetPrice, decimal?> Of,
    Func<UnitPrices, long> PicoOf)
{
    /// <summary>All amounts, in the order of pages and options.</summary>
    public static readonly ImmutableArray<PriceMember> All =
    [
        new("inputPerMillion", "Input", "million tokens", 1, UnitSet.Input, "Name a price for input.",
            order => order.InputPerMillion, prices => prices.Input),
        new("cachedPerMillion", "Cached input", "million tokens", 1, UnitSet.Cached, Missing: null,
            order => order.CachedPerMillion, prices => prices.Cached),
        new("outputPerMillion", "Output", "million tokens", 1, UnitSet.Output,
            "Name a price for output: the model may generate. 0 makes output free.",
            order => order.OutputPerMillion, prices => prices.Output),
        new("perThousandSeconds", "Audio", "1,000 seconds", 1, UnitSet.Audio, "Name a price for audio. 0 makes it free.",
            order => order.PerThousandSeconds, prices => prices.AudioMs),
        new("perImage", "Images", "image", 1_000_000, UnitSet.Images, "Name a price for an image. 0 makes images free.",
            order => order.PerImage, prices => prices.Image),
        new("perMillionPixels", "Pixels", "million pixels", 1, UnitSet.Pixels, "Name a price for pixels. 0 makes them free.",
            order => order.PerMillionPixels, prices => prices.Pixel),
        new("perStep", "Steps", "denoiser step", 1_000_000, UnitSet.Steps, "Name a price for a denoiser step. 0 makes steps free.",
            order => order.PerStep, prices => prices.Step),
        new("perRequest", "Requests", "request", 1_000_000, UnitSet.Calls, "Name a price for a request. 0 makes requests free.",
            order => order.PerRequest, prices => prices.Call),
        new("perMillionElements", "Elements", "million elements", 1, UnitSet.Elements,
            "Name a price for elements of tensors. 0 makes them free.", order => order.PerMillionElements, prices => prices.Element),
    ];

    /// <summary>Whether it prices something else than tokens.</summary>
    public bool IsMedia => (Set & (UnitSet.Input | UnitSet.Cached | UnitSet.Output)) == UnitSet.None;

    /// <summary>Highest amount, US dollars.</summary>
    public decimal MostUsd => SetPrice.MostPerMillion / Factor;

    /// <summary>What an amount may be, in words.</summary>
    public string Range => FormattableString.Invariant(
        $"US dollars per {Quote}: 0 to {MostUsd:N0}, at most {(Factor == 1 ? "six" : "twelve")} decimals.");

    /// <summary>The amounts that a model's prices consist of: all but tokens only where they are above 0.</summary>
    public static IEnumerable<PriceMember> Shown(UnitPrices prices) =>
        All.Where(member => !member.IsMedia || member.PicoOf(prices) > 0);

    /// <summary>Whether an amount lies in the range.</summary>
    public bool Takes(decimal amount) =>
        amount >= 0 && amount <= MostUsd && decimal.Round(amount * Factor, 6) == amount * Factor;

    /// <summary>The price in force, US dollars.</summary>
    public decimal UsdOf(UnitPrices prices) => PicoOf(prices) / 1_000_000m / Factor;
}
