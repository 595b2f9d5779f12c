using Npgsql;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Reports;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Reports;

/// <summary>Reads usage reports from the hour rollups, which are written in the same transaction as the rows that they sum.</summary>
internal sealed class UsageReports(NpgsqlDataSource dataSource)
{
    /// <summary>What requests of one organization cost, from their rows.</summary>
    public async Task<RequestCosts> OfRequestsAsync(
        Guid organizationId, IReadOnlyList<Guid> requestIds, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(organizationId, cancellationToken);
        return (await connection.ReadRowsAsync(
            """
            select count(*) filter (where seq = 0)::int, coalesce(sum(amount), 0), coalesce(sum(output), 0)::bigint from usage_events
            where organization_id = $1 and request_id = any($2)
            """,
            row => new RequestCosts(row.GetInt32(0), row.GetDecimal(1), row.GetInt64(2)), cancellationToken, organizationId,
            requestIds.ToArray()))[0];
    }

    /// <summary>Groups one organization's usage by bucket, project, key, model, endpoint and service class.</summary>
    public Task<UsageReport> OfOrganizationAsync(Guid organizationId, ReportRange range, CancellationToken cancellationToken) =>
        ReadAsync(
            OrganizationScope.Of(organizationId),
            "null::uuid, project_id, key_id, model, endpoint, service_class",
            "organization_id = $4 and",
            "2, 3, 4, 5, 6, 7",
            range,
            cancellationToken,
            organizationId);

    /// <summary>Groups the usage of all organizations by bucket and <paramref name="by"/>.</summary>
    public Task<UsageReport> OfAllAsync(ReportRange range, ReportSubject by, CancellationToken cancellationToken)
    {
        var columns = by switch
        {
            ReportSubject.Organization => "organization_id, null::uuid, null::uuid, null::text, null::text, 0::smallint",
            ReportSubject.Model => "null::uuid, null::uuid, null::uuid, model, null::text, 0::smallint",
            _ => "null::uuid, null::uuid, null::uuid, null::text, null::text, 0::smallint",
        };
        return ReadAsync(OrganizationScope.All, columns, "", "2, 3, 4, 5, 6, 7", range, cancellationToken);
    }

    private async Task<UsageReport> ReadAsync(
        OrganizationScope scope, string subject, string filter, string groups, ReportRange range, CancellationToken cancellationToken,
        params object[] more)
    {
        await using var connection = await dataSource.OpenAsync(scope, cancellationToken);
        var asOf = default(DateTimeOffset);
        var rows = await connection.ReadRowsAsync(
            $"""
            with cells as (
              select date_trunc($1, hour, 'UTC') as start, {subject}, sum(requests)::bigint, sum(input)::bigint, sum(cached)::bigint,
                sum(output + reasoning)::bigint, sum(amount), sum(audio_ms)::bigint, sum(images)::bigint, sum(pixels)::bigint,
                sum(steps)::bigint, sum(calls)::bigint, sum(elements)::bigint
              from usage_rollup_hours
              where {filter} hour >= $2 and hour < $3
              group by 1, {groups}
              order by 1, {groups}
            )
            select now(), cells.* from (select) one left join cells on true
            """,
            row =>
            {
                asOf = row.GetFieldValue<DateTimeOffset>(0);
                return row.IsDBNull(1) ? null : Row(row);
            },
            cancellationToken,
            [range.Bucket == ReportBucket.Day ? "day" : "hour", range.From, range.To, .. more]);
        return new UsageReport(asOf, [.. rows.OfType<UsageRow>()]);
    }

    private static UsageRow Row(NpgsqlDataReader row) => new(
        row.GetFieldValue<DateTimeOffset>(1), Id(row, 2), Id(row, 3), Id(row, 4), Text(row, 5), Text(row, 6),
        row.GetInt64(8), row.GetInt64(9), row.GetInt64(10), row.GetInt64(11), row.GetDecimal(12))
    {
        ServiceClass = (ServiceClass)row.GetInt16(7),
        AudioMs = row.GetInt64(13),
        Images = row.GetInt64(14),
        Pixels = row.GetInt64(15),
        Steps = row.GetInt64(16),
        Calls = row.GetInt64(17),
        Elements = row.GetInt64(18),
    };

    private static Guid? Id(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetGuid(column);

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

/// <summary>What a report covers.</summary>
/// <param name="From">First instant; its bucket starts there.</param>
/// <param name="To">First instant after the report.</param>
internal sealed record ReportRange(DateTimeOffset From, DateTimeOffset To, ReportBucket Bucket);

/// <summary>Length of a report's buckets, in UTC.</summary>
internal enum ReportBucket
{
    Hour = 0,
    Day = 1,
}

/// <summary>Grouping of the report over all organizations, besides time.</summary>
internal enum ReportSubject
{
    None = 0,
    Organization = 1,
    Model = 2,
}
