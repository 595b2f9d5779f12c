using System.Text.Json;
using Npgsql;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Prices;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Reports;
using Tollgate.Contracts.Usage;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Rejections;

/// <summary>
/// Holds usage that could not be booked until the operator books or dismisses it. A row that was shipped again and booked no longer waits.
/// </summary>
internal sealed class RejectionDesk(NpgsqlDataSource dataSource, IngestLanes lanes, TimeProvider clock)
{
    private const int MostListed = 200;

    /// <summary>SQL condition: row <c>r</c> of <c>usage_rejected</c> still waits.</summary>
    internal const string Waits =
        """
        r.resolved_at is null and not exists (
          select from usage_events u where u.organization_id = r.organization_id and u.request_id = r.request_id and u.seq = r.seq)
        """;

    /// <summary>Lists the oldest waiting rows.</summary>
    public async Task<IReadOnlyList<RejectedUsage>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        var rows = await connection.ReadRowsAsync(
            $"select reason, rejected_at, event from usage_rejected r where {Waits} order by rejected_at, request_id limit {MostListed}",
            row => new RejectedUsage(row.GetString(0), row.GetFieldValue<DateTimeOffset>(1), Read(row.GetString(2)), null),
            cancellationToken);
        for (var i = 0; i < rows.Count; i++)
        {
            var priced = await PriceAsync(connection, rows[i].Usage, cancellationToken);
            rows[i] = rows[i] with { Usage = priced, AmountUsd = Amount(priced) };
        }

        return rows;
    }

    /// <summary>Books a row as the ingest would, or dismisses it. Only the first call on a row has an effect.</summary>
    public async Task<RejectionOutcome> ResolveAsync(
        Guid organizationId, Guid requestId, int seq, ResolveRejectedUsage order, CancellationToken cancellationToken)
    {
        try
        {
            return await lanes.RunAsync(
                (connection, _) => ResolveAsync(connection, (organizationId, requestId, seq), order, cancellationToken), cancellationToken);
        }
        catch (Exception exception) when (UsageIngest.IsDataError(exception))
        {
            return new RejectionOutcome.Refused(exception.GetBaseException().Message);
        }
    }

    private async Task<RejectionOutcome> ResolveAsync(
        NpgsqlConnection connection, (Guid OrganizationId, Guid RequestId, int Seq) id, ResolveRejectedUsage order,
        CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var rows = await connection.ReadRowsAsync(
            $"""
            select event, journal_id from usage_rejected r
            where organization_id = $1 and request_id = $2 and seq = $3 and resolved_at is null for update
            """,
            row => (Usage: Read(row.GetString(0)), Journal: row.GetGuid(1)),
            cancellationToken,
            id.OrganizationId, id.RequestId, id.Seq);
        if (rows is not [var (usage, journal)])
        {
            return new RejectionOutcome.Unknown();
        }

        if (order.Resolution == RejectedResolution.Book)
        {
            usage = await PriceAsync(connection, usage, cancellationToken);
            var booked = await BatchTransaction.BookPartAsync(connection, journal, [usage], clock.GetUtcNow(), cancellationToken);
            if (booked.Rejected > 0)
            {
                return new RejectionOutcome.Refused(await WhyAsync(connection, usage, cancellationToken));
            }
        }

        await connection.ExecuteAsync(
            """
            update usage_rejected set resolved_at = $4, resolution = $5, resolved_by = $6, resolved_reason = $7
            where organization_id = $1 and request_id = $2 and seq = $3
            """,
            cancellationToken,
            id.OrganizationId, id.RequestId, id.Seq, clock.GetUtcNow(),
            order.Resolution == RejectedResolution.Book ? "booked" : "dismissed", order.By, order.Reason);
        await transaction.CommitAsync(cancellationToken);
        return new RejectionOutcome.Resolved();
    }

    /// <summary>
    /// Prices an event. Uses the book's price of its version; else the price that it carries; else the price in force for its model at its
    /// admission, or the first one after it. Leaves an event without a price when the model has none.
    /// </summary>
    private static async Task<UsageEvent> PriceAsync(
        NpgsqlConnection connection, UsageEvent usage, CancellationToken cancellationToken)
    {
        var found = await connection.ReadRowsAsync(
            $"""
            select version, {PriceBook.Columns} from price_versions
            where version = $1
              or ($2 and model = $3 and (organization_id is null or organization_id = $4) and effective_from is not null)
            order by version = $1 desc, effective_from <= $5 desc, organization_id nulls last,
              case when effective_from <= $5 then effective_from end desc nulls last, effective_from limit 1
            """,
            row => (Version: row.GetGuid(0), Prices: PriceBook.ReadPrices(row, 1)),
            cancellationToken,
            usage.PriceVersion, usage.Price is null, usage.Model.Replace("\0", "", StringComparison.Ordinal), usage.OrganizationId,
            usage.AdmittedAt.ToUniversalTime());
        return found is [var price]
            ? usage with { PriceVersion = price.Version, Price = new UsagePrice(price.Prices, null, false) }
            : usage;
    }

    private static async Task<string> WhyAsync(NpgsqlConnection connection, UsageEvent usage, CancellationToken cancellationToken) =>
        usage.Price is null
            ? $"The model {usage.Model} has no price. Set one, then book the usage; or dismiss it."
            : await connection.ReadValueAsync<string>(
                "select reason from usage_rejected where organization_id = $1 and request_id = $2 and seq = $3", cancellationToken,
                usage.OrganizationId, usage.RequestId, usage.Seq) ?? "It cannot be booked.";

    private static decimal? Amount(UsageEvent usage)
    {
        try
        {
            return usage.Price is { } price
                ? (decimal)price.PicoUsd.CostPicoUsd(usage.Units, usage.ServiceClass) / 1_000_000_000_000m
                : null;
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static UsageEvent Read(string text) => JsonSerializer.Deserialize(text, ContractsJson.Default.UsageEvent)
        ?? throw new JsonException("The rejected event is null.");
}

/// <summary>Result of an operator's order: one of the records in it.</summary>
internal abstract record RejectionOutcome
{
    private RejectionOutcome()
    {
    }

    /// <summary>The order was carried out.</summary>
    internal sealed record Resolved : RejectionOutcome;

    /// <summary>No such row waits.</summary>
    internal sealed record Unknown : RejectionOutcome;

    /// <summary>The row cannot be booked, and still waits.</summary>
    internal sealed record Refused(string Reason) : RejectionOutcome;
}
