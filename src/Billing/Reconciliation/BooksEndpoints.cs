using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Npgsql;
using Tollgate.Billing.Rejections;
using Tollgate.Contracts.Reports;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Billing.Reconciliation;

/// <summary>Shows the operator the results of the comparisons.</summary>
internal static class BooksEndpoints
{
    private const int MostDifferences = 200;

    public static IEndpointRouteBuilder MapBooks(this IEndpointRouteBuilder routes)
    {
        routes.MapInternal("/internal/books", "accounts", "operator").MapGet("", ShowAsync);
        return routes;
    }

    internal static async Task<Ok<BooksState>> ShowAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        var checks = await connection.ReadRowsAsync(
            """
            select distinct on (name) name, finished_at, checked, differences, detail from reconciliation_runs
            order by name, started_at desc
            """,
            row => new BookCheck(
                row.GetString(0), row.GetFieldValue<DateTimeOffset>(1), row.GetInt64(2), row.GetInt64(3),
                row.IsDBNull(4) ? null : row.GetString(4)),
            cancellationToken);
        var differences = await connection.ReadRowsAsync(
            $"""
            select name, kind, organization_id, request_id, owner, detail, found_at from reconciliation_differences
            where resolved_at is null order by found_at limit {MostDifferences}
            """,
            row => new BookDifference(
                row.GetString(0), row.GetString(1), row.GetGuid(2), row.GetGuid(3), row.GetString(4), row.GetString(5),
                row.GetFieldValue<DateTimeOffset>(6)),
            cancellationToken);
        var (open, rejected, parked) = (await connection.ReadRowsAsync(
            $"""
            select (select count(*) from reconciliation_differences where resolved_at is null),
              (select count(*) from usage_rejected r where {RejectionDesk.Waits}),
              (select count(*) from checkouts where state = 'parked')
            """,
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)),
            cancellationToken)).Single();
        return TypedResults.Ok(new BooksState(checks, differences, open, rejected, parked));
    }
}
