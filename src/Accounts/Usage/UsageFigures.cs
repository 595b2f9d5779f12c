using System.Globalization;
using System.Text.Json;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Usage;

/// <summary>Sums a report of Billing for pages. All figures come from the same rollup.</summary>
public sealed class UsageFigures
{
    /// <summary>What pages show where there is any, in their order. Stands before <see cref="None"/>, whose sums need it.</summary>
    private static readonly (string Name, Func<UsageRow, long> Of)[] MediaKinds =
    [
        ("Cached input tokens", row => row.CachedTokens), ("Seconds of audio", row => row.AudioMs / 1000),
        ("Images", row => row.Images), ("Pixels", row => row.Pixels), ("Denoiser steps", row => row.Steps),
        ("Calls with tensors", row => row.Calls), ("Tensor elements", row => row.Elements),
    ];

    public static readonly UsageFigures None = new(null);

    private UsageFigures(UsageReport? report)
    {
        Report = report;
        Rows = report?.Rows ?? [];
        Requests = Rows.Sum(r => r.Requests);
        InputTokens = Rows.Sum(r => r.InputTokens + r.CachedTokens);
        OutputTokens = Rows.Sum(r => r.OutputTokens);
        Media = [.. MediaKinds.Select(kind => (kind.Name, Rows.Sum(kind.Of)))];
        Amount = Rows.Sum(r => r.Amount);
    }

    /// <summary>Null when Billing has never answered.</summary>
    public UsageReport? Report { get; }

    public IReadOnlyList<UsageRow> Rows { get; }

    public long Requests { get; }

    /// <summary>Includes cached tokens.</summary>
    public long InputTokens { get; }

    public long OutputTokens { get; }

    /// <summary>Sums of cached tokens, which are input tokens too, of audio, images, pixels, steps, calls and elements; always all of
    /// them.</summary>
    public IReadOnlyList<(string Name, long Count)> Media { get; }

    public long Tokens => InputTokens + OutputTokens;

    /// <summary>US dollars.</summary>
    public decimal Amount { get; }

    public static UsageFigures Of(UsageReport? report) => report is null ? None : new UsageFigures(report);

    /// <summary>Sums by a member, most expensive first.</summary>
    public IReadOnlyList<(TKey Key, UsageFigures Sum)> By<TKey>(Func<UsageRow, TKey> member)
        where TKey : notnull =>
        [.. Rows.GroupBy(member).Select(g => (g.Key, new UsageFigures(new UsageReport(Report!.AsOf, [.. g]))))
            .OrderByDescending(g => g.Item2.Amount).ThenByDescending(g => g.Item2.Requests)];

    /// <summary>Returns one sum per bucket between two instants, including empty buckets.</summary>
    public IReadOnlyList<(DateTimeOffset Start, UsageFigures Sum)> Buckets(DateTimeOffset from, DateTimeOffset to, TimeSpan width)
    {
        var rows = Rows.ToLookup(r => Floor(r.Start, width));
        var buckets = new List<(DateTimeOffset, UsageFigures)>();
        for (var start = Floor(from, width); start < to; start += width)
        {
            buckets.Add((start, new UsageFigures(new UsageReport(Report?.AsOf ?? to, [.. rows[start]]))));
        }

        return buckets;
    }

    /// <summary>Series for the chart: JSON <c>[[unix seconds], [requests], [input tokens], [output tokens], [dollars]]</c>.</summary>
    public static string Series(IReadOnlyList<(DateTimeOffset Start, UsageFigures Sum)> buckets) => JsonSerializer.Serialize<object[]>(
    [
        buckets.Select(b => b.Start.ToUnixTimeSeconds()),
        buckets.Select(b => b.Sum.Requests),
        buckets.Select(b => b.Sum.InputTokens),
        buckets.Select(b => b.Sum.OutputTokens),
        buckets.Select(b => double.Parse(b.Sum.Amount.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)),
    ]);

    private static DateTimeOffset Floor(DateTimeOffset at, TimeSpan width) => new(at.UtcTicks - (at.UtcTicks % width.Ticks), TimeSpan.Zero);
}
