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
public sealed record UnitKind(string Column, string PriceColumn, Func<Units, long> Of, Func<UnitPrices, long> PriceOf)
{
    /// <summary>All kinds. A new one comes last, with a new version of each binary format.</summary>
    public static readonly ImmutableArray<UnitKind> All =
    [
        new("input", "input", units => units.Input, prices => prices.Input),
        new("cached", "cached", units => units.Cached, prices => prices.Cached),
        new("output", "output", units => units.Output, prices => prices.Output),
        new("reasoning", "reasoning", units => units.Reasoning, prices => prices.Reasoning),
        new("audio_ms", "audio_ms", units => units.AudioMs, prices => prices.AudioMs),
        new("images", "image", units => units.Images, prices => prices.Image),
    ];

    /// <summary>Columns of counts, separated by commas.</summary>
    public static readonly string Columns = string.Join(", ", All.Select(kind => kind.Column));

    /// <summary>Columns of the price book, separated by commas.</summary>
    public static readonly string PriceColumns = string.Join(", ", All.Select(kind => kind.PriceColumn));
}
