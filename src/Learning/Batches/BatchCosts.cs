using System.Net.Http.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Reports;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Batches;

/// <summary>
/// Reads the cost of ended batches from Billing, as soon as all their rows are booked, and then forgets their lines. Safe on several
/// instances at once.
/// </summary>
internal sealed partial class BatchCosts(
    NpgsqlDataSource dataSource, IHttpClientFactory clients, IOptions<BatchOptions> options, TimeProvider clock, ILogger<BatchCosts> logger)
    : RecurringWork(new Rhythm(options.Value.Every), clock, logger)
{
    /// <summary>Name of Billing in <c>service-calls</c> and <c>Services:</c>.</summary>
    public const string Client = "billing";

    private const int Most = 20;

    protected override string Failure => "The cost of batches cannot be read";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var now = Clock.GetUtcNow();
        var due = await connection.ReadRowsAsync(
            $"""
            select id, organization_id, coalesce(completed_at, failed_at, expired_at, cancelled_at) from batches
            where cost is null and not ({BatchStatus.IsLive}) and cost_due <= $1 order by cost_due limit $2
            """,
            row => (Id: row.GetGuid(0), Organization: row.GetGuid(1), EndedAt: row.GetFieldValue<DateTimeOffset>(2)),
            cancellationToken, now, Most);
        foreach (var (id, organization, endedAt) in due)
        {
            if (await AskAsync(connection, id, organization, cancellationToken) is { } cost)
            {
                await connection.ExecuteAsync(
                    """
                    with priced as (update batches set cost = $2 where id = $1 returning id)
                    delete from batch_lines where batch_id = (select id from priced)
                    """,
                    cancellationToken, id, cost);
            }
            else
            {
                // Rows are booked within seconds. What takes longer is asked for more and more seldom.
                await connection.ExecuteAsync(
                    "update batches set cost_due = $2 where id = $1", cancellationToken, id, now + ((now - endedAt) / 4));
            }
        }
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is HttpRequestException)
        {
            LogAway(logger, reason);
        }

        return exception is HttpRequestException;
    }

    /// <summary>The cost of a batch; null while a row of its answers is not booked.</summary>
    private async Task<decimal?> AskAsync(NpgsqlConnection connection, Guid batch, Guid organization, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Client);
        var (cost, after) = (0m, 0);
        while (true)
        {
            var lines = await connection.ReadRowsAsync(
                """
                select line, request_id from batch_lines where batch_id = $1 and line > $2 and request_id is not null
                order by line limit $3
                """,
                row => (Line: row.GetInt32(0), Request: row.GetGuid(1)), cancellationToken, batch, after, RequestCostQuery.Most);
            if (lines.Count == 0)
            {
                return cost;
            }

            using var response = await client.PostAsJsonAsync(
                $"/internal/organizations/{organization}/usage/costs", new RequestCostQuery([.. lines.Select(line => line.Request)]),
                ContractsJson.Default.RequestCostQuery, cancellationToken);
            response.EnsureSuccessStatusCode();
            var costs = (await response.Content.ReadFromJsonAsync(ContractsJson.Default.RequestCosts, cancellationToken))!;
            if (costs.Booked < lines.Count)
            {
                return null;
            }

            (cost, after) = (cost + costs.Amount, lines[^1].Line);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The cost of ended batches waits for Billing. {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
