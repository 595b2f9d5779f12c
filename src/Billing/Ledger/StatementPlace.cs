using System.Globalization;
using Tollgate.Contracts.Money;

namespace Tollgate.Billing.Ledger;

/// <summary>Where a page of the whole statement begins, as a text that the reader of the last page passes back.</summary>
/// <param name="IsUsage">Whether the page has days of usage, which come after everything else.</param>
/// <param name="At">Time of the line before the page; null for the first one. For usage, its day.</param>
/// <param name="Id">Transaction of the line before the page; of no meaning for usage.</param>
internal readonly record struct StatementPlace(bool IsUsage, DateTimeOffset? At, Guid Id)
{
    private const string UsageMark = "usage";

    /// <summary>Values of the query that reads the page.</summary>
    public object?[] Values => IsUsage ? [At is { } day ? DateOnly.FromDateTime(day.UtcDateTime) : null] : [At, Id];

    /// <summary>Reads a place; null or empty begins the statement. False for a text that no page named.</summary>
    public static bool TryParse(string? text, out StatementPlace place)
    {
        place = new StatementPlace(IsUsage: false, null, Guid.Empty);
        switch (text?.Split('_'))
        {
            case null or [""]:
                return true;
            case [UsageMark]:
                place = new StatementPlace(IsUsage: true, null, Guid.Empty);
                return true;
            case [UsageMark, var day] when TryReadTime(day, out var at):
                place = new StatementPlace(IsUsage: true, at, Guid.Empty);
                return true;
            case [var time, var id] when TryReadTime(time, out var at) && Guid.TryParseExact(id, "N", out var transaction):
                place = new StatementPlace(IsUsage: false, at, transaction);
                return true;
            default:
                return false;
        }
    }

    /// <summary>The place after a page; null when it was the last.</summary>
    /// <param name="most">Lines of a full page.</param>
    public StatementPlace? After(IReadOnlyList<StatementLine> page, int most) => (page, IsUsage) switch
    {
        ([.., var last], _) when page.Count == most => new StatementPlace(IsUsage, last.At, last.TransactionId),
        (_, false) => new StatementPlace(IsUsage: true, null, Guid.Empty),
        _ => null,
    };

    public override string ToString() => (IsUsage, At) switch
    {
        (true, null) => UsageMark,
        (true, { } day) => string.Create(CultureInfo.InvariantCulture, $"{UsageMark}_{day.UtcTicks}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{At!.Value.UtcTicks}_{Id:N}"),
    };

    private static bool TryReadTime(string text, out DateTimeOffset at)
    {
        at = default;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            || ticks > DateTimeOffset.MaxValue.UtcTicks)
        {
            return false;
        }

        at = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }
}
