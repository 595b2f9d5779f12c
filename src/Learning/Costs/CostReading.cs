using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Contracts.Reports;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Costs;

/// <summary>Where the requests of something that costs lie.</summary>
/// <param name="What">In words, plural, such as "batches".</param>
/// <param name="Name">Table with the columns <c>id</c>, <c>organization_id</c>, <c>cost</c> and <c>cost_due</c>.</param>
/// <param name="HasEnded">Condition of SQL.</param>
/// <param name="EndedAt">Expression of SQL: when it ended.</param>
/// <param name="Requests">Table with a row a request and the column <c>request_id</c>.</param>
/// <param name="Owner">Its column with the id of <paramref name="Name"/>.</param>
/// <param name="Number">Its column with a number that is unique there.</param>
internal sealed record CostTable(
    string What, string Name, string HasEnded, string EndedAt, string Requests, string Owner, string Number)
{
    /// <summary>Whether the rows of requests go when the cost is known.</summary>
    public bool ForgetsRequests { get; init; }

    /// <summary>Column of the first table that takes the billed output tokens; null for none.</summary>
    public string? Tokens { get; init; }

    /// <summary>Condition of SQL on a row of a request: the request has a usage row. One without it may have one, where
    /// the call broke off: its row is waited for during <see cref="Patience"/>.</summary>
    public string IsCertain { get; init; } = "true";

    /// <summary>How long after the end a row that may not come is waited for: longer than a gateway takes to ship its journal after a
    /// kill.</summary>
    public TimeSpan Patience { get; init; }
}

/// <summary>
/// Reads the cost of what has ended from Billing, as soon as the rows of all its requests are booked. Safe on several instances at once.
/// </summary>
internal abstract partial class CostReading(
    NpgsqlDataSource dataSource, RequestCostClient client, CostTable table, Rhythm rhythm, TimeProvider clock, ILogger logger)
    : RecurringWork(rhythm, clock, logger)
{
    private const int Most = 20;
    private readonly ILogger _logger = logger;

    protected override string Failure => $"The cost of {table.What} cannot be read";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        var now = Clock.GetUtcNow();
        var due = await connection.ReadRowsAsync(
            $"""
            select id, organization_id, {table.EndedAt} from {table.Name}
            where cost is null and {table.HasEnded} and cost_due <= $1 order by cost_due limit $2
            """,
            row => (Id: row.GetGuid(0), Organization: row.GetGuid(1), EndedAt: row.GetFieldValue<DateTimeOffset>(2)),
            cancellationToken, now, Most);
        foreach (var (id, organization, endedAt) in due)
        {
            if (await SumAsync(connection, id, organization, now - endedAt < table.Patience, cancellationToken) is { } cost)
            {
                var price = $"update {table.Name} set cost = $2{(table.Tokens is null ? "" : $", {table.Tokens} = $3")} where id = $1";
                await connection.ExecuteAsync(
                    table.ForgetsRequests
                        ? $"with priced as ({price} returning id) "
                            + $"delete from {table.Requests} where {table.Owner} = (select id from priced)"
                        : price,
                    cancellationToken, [id, cost.Amount, .. table.Tokens is null ? Array.Empty<object?>() : [cost.Output]]);
            }
            else
            {
                // Rows are booked within seconds. What takes longer is asked for more and more seldom.
                await connection.ExecuteAsync(
                    $"update {table.Name} set cost_due = $2 where id = $1", cancellationToken, id, now + ((now - endedAt) / 4));
            }
        }
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is HttpRequestException)
        {
            LogAway(_logger, table.What, reason);
        }

        return exception is HttpRequestException;
    }

    /// <summary>All rows; null while one is not booked.</summary>
    /// <param name="waitsForAll">Whether rows that may not come are waited for.</param>
    private async Task<RequestCosts?> SumAsync(
        NpgsqlConnection connection, Guid id, Guid organization, bool waitsForAll, CancellationToken cancellationToken)
    {
        var (sum, after) = (new RequestCosts(0, 0), 0);
        while (true)
        {
            var page = await connection.ReadRowsAsync(
                $"""
                select {table.Number}, request_id, {table.IsCertain} from {table.Requests}
                where {table.Owner} = $1 and {table.Number} > $2 and request_id is not null order by {table.Number} limit $3
                """,
                row => (Number: row.GetInt32(0), Request: row.GetGuid(1), IsCertain: row.GetBoolean(2)), cancellationToken, id, after,
                RequestCostQuery.Most);
            if (page.Count == 0)
            {
                return sum;
            }

            foreach (var group in page.GroupBy(row => row.IsCertain || waitsForAll))
            {
                Guid[] requests = [.. group.Select(row => row.Request)];
                if (await client.SumAsync(organization, requests, group.Key, cancellationToken) is not { } costs)
                {
                    return null;
                }

                sum = new RequestCosts(sum.Booked + costs.Booked, sum.Amount + costs.Amount, sum.Output + costs.Output);
            }

            after = page[^1].Number;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The cost of {What} waits for Billing. {Reason}")]
    private static partial void LogAway(ILogger logger, string what, string reason);
}
