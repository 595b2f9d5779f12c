using System.Globalization;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.AdminApi;

/// <summary>The time that a usage report covers, and the buckets of its page. Ranges are half open.</summary>
/// <param name="From">First instant of the page.</param>
/// <param name="To">First instant after the report.</param>
/// <param name="Limit">Most buckets of the page.</param>
internal sealed record AdminUsageRange(DateTimeOffset From, DateTimeOffset To, UsageWidth Width, int Limit)
{
    private const string PagePrefix = "page_";
    private const long LastSecond = 253_402_300_799;

    /// <summary>First instant after the page.</summary>
    public DateTimeOffset Upto { get; } = EndOf(From, To, Width, Limit);

    /// <exception cref="AdminRefusal">The query names no such range.</exception>
    public static AdminUsageRange Read(AdminQuery query, DateTimeOffset now)
    {
        var (width, least, most) = query.FindOneOf("bucket_width", "1m", "1h", "1d") switch
        {
            "1m" => (UsageWidth.Minute, 60, 1440),
            "1h" => (UsageWidth.Hour, 24, 168),
            _ => (UsageWidth.Day, 7, 31),
        };
        return Read(query, now, width, (int)(query.FindInteger("limit", 1, most) ?? least));
    }

    /// <summary>The range of a report of costs.</summary>
    /// <exception cref="AdminRefusal">The query names no such range.</exception>
    public static AdminUsageRange ReadCosts(AdminQuery query, DateTimeOffset now)
    {
        query.FindOneOf("bucket_width", "1d");
        return Read(query, now, UsageWidth.Day, (int)(query.FindInteger("limit", 1, 180) ?? 7));
    }

    /// <summary>The page: a bucket for each time, also where nothing was used.</summary>
    /// <param name="cells">By the start of their whole bucket.</param>
    public AdminBuckets<T> Buckets<T>(ILookup<DateTimeOffset, UsageCell> cells, Func<UsageCell, T> show)
    {
        List<AdminBucket<T>> buckets = [];
        for (var start = From; start < Upto;)
        {
            var (whole, end) = (Truncate(start, Width), Min(Next(start, Width), To));
            buckets.Add(new AdminBucket<T>(
                "bucket", start.ToUnixTimeSeconds(), end.ToUnixTimeSeconds(), [.. cells[whole].Select(show)]));
            start = end;
        }

        var hasMore = Upto < To;
        return new AdminBuckets<T>(
            "page", buckets, hasMore,
            hasMore ? string.Create(CultureInfo.InvariantCulture, $"{PagePrefix}{Upto.ToUnixTimeSeconds()}") : null);
    }

    private static AdminUsageRange Read(AdminQuery query, DateTimeOffset now, UsageWidth width, int limit)
    {
        if (query.FindInteger("start_time", 0, LastSecond) is not { } start)
        {
            throw new AdminRefusal(OpenAiError.MissingParameter("start_time"));
        }

        // Without an end, everything booked so far: the present second too.
        var end = query.FindInteger("end_time", 0, LastSecond) ?? Math.Max(now.ToUnixTimeSeconds(), start) + 1;
        if (end <= start)
        {
            throw AdminQuery.Wrong("end_time", "a time after 'start_time'", $"{end}");
        }

        var from = start;
        if (query.Find("page") is { } page)
        {
            from = page.StartsWith(PagePrefix, StringComparison.Ordinal)
                && long.TryParse(page[PagePrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var at)
                && at > start && at < end
                    ? at : throw AdminQuery.Wrong("page", "'next_page' of the page before", page);
        }

        return new AdminUsageRange(DateTimeOffset.FromUnixTimeSeconds(from), DateTimeOffset.FromUnixTimeSeconds(end), width, limit);
    }

    private static DateTimeOffset EndOf(DateTimeOffset from, DateTimeOffset to, UsageWidth width, int limit)
    {
        var end = Truncate(from, width).Ticks + (LengthOf(width).Ticks * limit);
        return end >= to.Ticks ? to : new DateTimeOffset(end, TimeSpan.Zero);
    }

    private static DateTimeOffset Next(DateTimeOffset start, UsageWidth width)
    {
        var next = Truncate(start, width).Ticks + LengthOf(width).Ticks;
        return next >= DateTimeOffset.MaxValue.Ticks ? DateTimeOffset.MaxValue : new DateTimeOffset(next, TimeSpan.Zero);
    }

    private static DateTimeOffset Truncate(DateTimeOffset at, UsageWidth width) =>
        new(at.Ticks / LengthOf(width).Ticks * LengthOf(width).Ticks, TimeSpan.Zero);

    private static TimeSpan LengthOf(UsageWidth width) => width switch
    {
        UsageWidth.Minute => TimeSpan.FromMinutes(1),
        UsageWidth.Hour => TimeSpan.FromHours(1),
        _ => TimeSpan.FromDays(1),
    };

    private static DateTimeOffset Min(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
