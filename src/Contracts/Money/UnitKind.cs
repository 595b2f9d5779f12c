using System.Collections.Immutable;
using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.Money;

/// <summary>
/// One kind of unit that a request can use and a price can charge for. The journal, the worker's log, the usage batch and Billing's
/// statements hold the kinds in the order of <see cref="All"/>; a test compares the columns of Billing's tables and statements with it.
/// </summary>
/// <param name="Column">Column of counts in Billing's tables.</param>
/// <param name="PriceColumn">Column of the price book.</param>
/// <param name="Of">Reads the count.</param>
/// <param name="PriceOf">Reads the price, pico-dollars per unit.</param>
/// <param name="Set">The one set that it belongs to, whose price it has.</param>
public sealed record UnitKind(string Column, string PriceColumn, Func<Units, long> Of, Func<UnitPrices, long> PriceOf, UnitSet Set)
{
    /// <summary>All kinds. A new one comes last, with a new version of the usage batch; journal and worker's log append it.</summary>
    public static readonly ImmutableArray<UnitKind> All =
    [
        new("input", "input", units => units.Input, prices => prices.Input, UnitSet.Input),
        new("cached", "cached", units => units.Cached, prices => prices.Cached, UnitSet.Cached),
        new("output", "output", units => units.Output, prices => prices.Output, UnitSet.Output),
        new("reasoning", "reasoning", units => units.Reasoning, prices => prices.Reasoning, UnitSet.Output),
        new("audio_ms", "audio_ms", units => units.AudioMs, prices => prices.AudioMs, UnitSet.Audio),
        new("images", "image", units => units.Images, prices => prices.Image, UnitSet.Images),
        new("pixels", "pixel", units => units.Pixels, prices => prices.Pixel, UnitSet.Pixels),
        new("steps", "step", units => units.Steps, prices => prices.Step, UnitSet.Steps),
        new("calls", "call", units => units.Calls, prices => prices.Call, UnitSet.Calls),
        new("elements", "element", units => units.Elements, prices => prices.Element, UnitSet.Elements),
    ];

    /// <summary>Columns of counts, separated by commas.</summary>
    public static readonly string Columns = string.Join(", ", All.Select(kind => kind.Column));

    /// <summary>Columns of the price book, separated by commas.</summary>
    public static readonly string PriceColumns = string.Join(", ", All.Select(kind => kind.PriceColumn));
}
