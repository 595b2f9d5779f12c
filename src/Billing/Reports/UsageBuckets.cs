using Npgsql;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Reports;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Reports;

/// <summary>
/// Sums an organization's usage in buckets over any range. Whole hours come from the hour rollups; buckets of minutes, and the parts of
/// hours at both ends of the range, from the rows that the rollups sum.
/// </summary>
internal sealed class UsageBuckets(NpgsqlDataSource dataSource)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public async Task<UsageReport> ReadAsync(Guid organizationId, UsageBucketQuery query, CancellationToken cancellationToken)
    {
        var (from, to) = (query.From.ToUniversalTime(), query.To.ToUniversalTime());
        var (wholeFrom, wholeTo) = WholeHours(from, to, query.Width);
        var by = query.Groups;
        await using var connection = await dataSource.OpenForAsync(organizationId, cancellationToken);
        var asOf = default(DateTimeOffset);
        var rows = await connection.ReadRowsAsync(
            $"""
            with used as (
              select hour as at, project_id, key_id, model, endpoint, service_class, requests, input, cached, output + reasoning as output,
                audio_ms, images, pixels, steps, calls, elements, amount
              from usage_rollup_hours
              where organization_id = $1 and hour >= $4 and hour < $5
              {(from < wholeFrom ? Rows("$2", "$4") : "")} {(wholeTo < to ? Rows("$5", "$3") : "")}
            ), cells as (
              select date_trunc($6, at, 'UTC') as start,
                {Column(by, UsageGroups.Project, "project_id", "uuid")}, {Column(by, UsageGroups.Key, "key_id", "uuid")},
                {Column(by, UsageGroups.Model, "model", "text")}, {Column(by, UsageGroups.Endpoint, "endpoint", "text")},
                {Column(by, UsageGroups.ServiceClass, "service_class", "smallint")},
                sum(requests)::bigint, sum(input)::bigint, sum(cached)::bigint, sum(output)::bigint, sum(amount), sum(audio_ms)::bigint,
                sum(images)::bigint, sum(pixels)::bigint, sum(steps)::bigint, sum(calls)::bigint, sum(elements)::bigint
              from used
              where ($7::text[] is null or endpoint = any($7)) and ($8::uuid[] is null or project_id = any($8))
                and ($9::uuid[] is null or key_id = any($9)) and ($10::text[] is null or model = any($10))
                and ($11::smallint is null or service_class = $11)
              group by 1, 2, 3, 4, 5, 6
              order by 1, 2, 3, 4, 5, 6
            )
            select now(), cells.* from (select) one left join cells on true
            """,
            row =>
            {
                asOf = row.GetFieldValue<DateTimeOffset>(0);
                return row.IsDBNull(1) ? null : Row(row);
            },
            cancellationToken,
            [
                organizationId, from, to, wholeFrom, wholeTo, NameOf(query.Width),
                Filter(query.Endpoints), Filter(query.ProjectIds), Filter(query.KeyIds), Filter(query.Models),
                query.ServiceClass is { } one ? (short)one : DBNull.Value,
            ]);
        return new UsageReport(asOf, [.. rows.OfType<UsageRow>()]);
    }

    /// <summary>The rows of a part of the range. An id is older than its admission by two days at most, as a line of a batch waits for
    /// one; it is younger by the difference of clocks.</summary>
    /// <param name="from">Parameter with the first instant.</param>
    /// <param name="to">Parameter with the first instant after it.</param>
    private static string Rows(string from, string to) =>
        $"""
        union all
        select admitted_at, project_id, key_id, model, endpoint, service_class, 1, input, cached, output + reasoning,
          audio_ms, images, pixels, steps, calls, elements, amount
        from usage_events
        where organization_id = $1 and admitted_at >= {from} and admitted_at < {to}
          and request_id >= uuid7_lower({from}::timestamptz - interval '2 days')
          and request_id < uuid7_lower({to}::timestamptz + interval '1 hour')
        """;

    /// <summary>The hours that lie whole in a range; an empty range at its end where none does, or where hours are too long.</summary>
    private static (DateTimeOffset From, DateTimeOffset To) WholeHours(DateTimeOffset from, DateTimeOffset to, UsageWidth width)
    {
        var first = new DateTimeOffset((from.Ticks + Hour.Ticks - 1) / Hour.Ticks * Hour.Ticks, TimeSpan.Zero);
        var last = new DateTimeOffset(to.Ticks / Hour.Ticks * Hour.Ticks, TimeSpan.Zero);
        return width == UsageWidth.Minute || first >= last ? (to, to) : (first, last);
    }

    private static string NameOf(UsageWidth width) => width switch
    {
        UsageWidth.Minute => "minute",
        UsageWidth.Hour => "hour",
        _ => "day",
    };

    private static string Column(UsageGroups by, UsageGroups group, string column, string type) =>
        by.HasFlag(group) ? column : $"null::{type}";

    private static object Filter<T>(IReadOnlyList<T>? values) => values is null ? DBNull.Value : values.ToArray();

    private static UsageRow Row(NpgsqlDataReader row) => new(
        row.GetFieldValue<DateTimeOffset>(1), null, Id(row, 2), Id(row, 3), Text(row, 4), Text(row, 5), row.GetInt64(7), row.GetInt64(8),
        row.GetInt64(9), row.GetInt64(10), row.GetDecimal(11))
    {
        ServiceClass = row.IsDBNull(6) ? ServiceClass.Standard : (ServiceClass)row.GetInt16(6),
        AudioMs = row.GetInt64(12),
        Images = row.GetInt64(13),
        Pixels = row.GetInt64(14),
        Steps = row.GetInt64(15),
        Calls = row.GetInt64(16),
        Elements = row.GetInt64(17),
    };

    private static Guid? Id(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetGuid(column);

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
