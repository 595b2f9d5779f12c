using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Npgsql;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Billing.Ledger;

/// <summary>Lists the movements of an organization's balance.</summary>
internal static class StatementEndpoints
{
    private const int MostLines = 1000;

    // Sums usage to one line a day, because the ledger has one transaction per batch.
    private const string Lines =
        """
        (select t.id, t.at, t.kind, t.description, e.amount
         from ledger_transactions t join ledger_entries e on e.organization_id = t.organization_id and e.transaction_id = t.id
           and e.account = 'wallet'
         where t.organization_id = $1 and t.kind <> 'usage'
         order by t.at desc limit $2)
        union all
        (select last_transaction_id, last_at, 'usage', 'Usage on ' || to_char(day, 'YYYY-MM-DD') || ' (UTC)', amount
         from statement_days
         where organization_id = $1 and amount <> 0
         order by day desc limit $2)
        order by 2 desc limit $2
        """;

    private const int PageLines = 1000;

    private const string Others =
        """
        select t.id, t.at, t.kind, t.description, e.amount
        from ledger_transactions t join ledger_entries e on e.organization_id = t.organization_id and e.transaction_id = t.id
          and e.account = 'wallet'
        where t.organization_id = $1 and t.kind <> 'usage' and ($3::timestamptz is null or (t.at, t.id) > ($3, $4::uuid))
        order by t.at, t.id limit $2
        """;

    // By the day, which never changes; the time of the last booking does.
    private const string UsageDays =
        """
        select last_transaction_id, day::timestamp at time zone 'UTC', 'usage', 'Usage on ' || to_char(day, 'YYYY-MM-DD') || ' (UTC)',
          amount
        from statement_days where organization_id = $1 and amount <> 0 and ($3::date is null or day > $3)
        order by day limit $2
        """;

    public static IEndpointRouteBuilder MapStatements(this IEndpointRouteBuilder routes)
    {
        routes.MapInternal("/internal/organizations/{organizationId:guid}", "accounts", "operator").MapGet("/ledger", ReadAsync);
        routes.MapInternal("/internal/organizations/{organizationId:guid}", "accounts").MapGet("/ledger/pages", ReadPageAsync);
        return routes;
    }

    internal static async Task<Ok<IReadOnlyList<StatementLine>>> ReadAsync(
        Guid organizationId, NpgsqlDataSource dataSource, CancellationToken cancellationToken, int limit = 100)
    {
        await using var connection = await dataSource.OpenForAsync(organizationId, cancellationToken);
        var lines = await connection.ReadRowsAsync(
            Lines,
            row => new StatementLine(
                row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetString(3), row.GetDecimal(4)),
            cancellationToken,
            organizationId, Math.Clamp(limit, 1, MostLines));
        return TypedResults.Ok<IReadOnlyList<StatementLine>>(lines);
    }

    internal static async Task<Results<Ok<LedgerPage>, ValidationProblem>> ReadPageAsync(
        Guid organizationId, NpgsqlDataSource dataSource, CancellationToken cancellationToken, string? after = null)
    {
        if (!StatementPlace.TryParse(after, out var place))
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["after"] = ["It is no place of a statement."] });
        }

        await using var connection = await dataSource.OpenForAsync(organizationId, cancellationToken);
        var lines = await connection.ReadRowsAsync(
            place.IsUsage ? UsageDays : Others,
            row => new StatementLine(
                row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetString(3), row.GetDecimal(4)),
            cancellationToken,
            [organizationId, PageLines, .. place.Values]);
        return TypedResults.Ok(new LedgerPage(lines, place.After(lines, PageLines)?.ToString()));
    }
}
