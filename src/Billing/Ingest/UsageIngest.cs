using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Billing.Telemetry;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Ingest;

/// <summary>
/// Books the batches that gateways ship. One transaction writes a batch's usage rows, rollups, ledger, leases, wallets, fences and cursor.
/// If Postgres refuses a row, the ingest halves the batch until it finds the row, moves that row to <c>usage_rejected</c>, and books the
/// rest.
/// </summary>
internal sealed partial class UsageIngest(
    IngestLanes lanes, BillingMetrics metrics, TimeProvider clock, ILogger<UsageIngest> logger)
{
    /// <summary>
    /// Books a batch. Returns null when a newer boot of the journal has registered, because the shipper is then a leftover process.
    /// </summary>
    public async Task<UsageBooked?> BookAsync(UsageBatch batch, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var booked = await BookAllAsync(batch, cancellationToken);
        if (booked is null)
        {
            metrics.BatchRefused();
        }
        else
        {
            metrics.BatchBooked(
                booked, clock.GetElapsedTime(started),
                batch.Events is [var oldest, ..] ? clock.GetUtcNow() - oldest.FinishedAt : null); // A journal has them in order.
        }

        return booked;
    }

    private async Task<UsageBooked?> BookAllAsync(UsageBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            return await BookWholeAsync(batch, cancellationToken);
        }
        catch (Exception exception) when (IsDataError(exception) && batch.Events.Count > 0)
        {
            LogBisecting(logger, exception, batch.Events.Count, batch.JournalId);
        }

        var sum = await BookHalvesAsync(batch, batch.Events, cancellationToken);
        var closing = await BookWholeAsync(batch with { Events = [] }, cancellationToken);
        return closing is null
            ? null
            : closing with { Inserted = sum.Inserted, Duplicates = sum.Duplicates, Rejected = sum.Rejected };
    }

    private async Task<UsageBooked?> BookWholeAsync(UsageBatch batch, CancellationToken cancellationToken)
    {
        var booked = await lanes.RunAsync(
            (connection, database) => BatchTransaction.BookAsync(
                connection, database, batch, clock.GetUtcNow(), closes: true, cancellationToken),
            cancellationToken);
        Report(booked, batch);
        return booked?.Answer;
    }

    private async Task<Counts> BookHalvesAsync(UsageBatch batch, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
        {
            return default;
        }

        var part = batch with { Events = events };
        try
        {
            var booked = await lanes.RunAsync(
                (connection, database) => BatchTransaction.BookAsync(
                    connection, database, part, clock.GetUtcNow(), closes: false, cancellationToken),
                cancellationToken);
            Report(booked, part);
            return booked is null ? default : new Counts(booked.Answer.Inserted, booked.Answer.Duplicates, booked.Answer.Rejected);
        }
        catch (Exception exception) when (IsDataError(exception))
        {
            if (events.Count == 1)
            {
                await lanes.RunAsync(
                    (connection, _) => BatchTransaction.PutAsideAsync(
                        connection, batch.JournalId, events[0], exception.Message, cancellationToken),
                    cancellationToken);
                LogRejected(logger, exception, events[0].RequestId, events[0].OrganizationId);
                return new Counts(0, 0, 1);
            }
        }

        var half = events.Count / 2;
        return await BookHalvesAsync(batch, [.. events.Take(half)], cancellationToken)
            + await BookHalvesAsync(batch, [.. events.Skip(half)], cancellationToken);
    }

    private void Report(BookedBatch? booked, UsageBatch batch)
    {
        if (booked is null)
        {
            LogOldBoot(logger, batch.JournalId, batch.Boot);
            return;
        }

        if (booked.Answer.Rejected > 0)
        {
            LogPutAside(logger, booked.Answer.Rejected, batch.JournalId);
        }

        if (booked.PricesRestored > 0)
        {
            LogPricesRestored(logger, booked.PricesRestored, batch.JournalId);
        }

        if (booked.Corrected > 0)
        {
            LogCorrected(logger, booked.Corrected, batch.JournalId);
        }

        if (booked.LossUsd > 0)
        {
            LogLoss(logger, booked.LossUsd, batch.JournalId);
        }
    }

    /// <summary>
    /// Detects faults of the row itself: SQLSTATE classes 22 (data) and 23 (constraint), or text that is not valid Unicode. After any
    /// other fault the shipper retries the batch.
    /// </summary>
    internal static bool IsDataError(Exception exception) => exception switch
    {
        PostgresException postgres => postgres.SqlState.StartsWith("22", StringComparison.Ordinal)
            || postgres.SqlState.StartsWith("23", StringComparison.Ordinal),
        System.Text.EncoderFallbackException or OverflowException => true,
        NpgsqlException { InnerException: System.Text.EncoderFallbackException or OverflowException } => true,
        _ => false,
    };

    private readonly record struct Counts(int Inserted, int Duplicates, int Rejected)
    {
        public static Counts operator +(Counts left, Counts right) =>
            new(left.Inserted + right.Inserted, left.Duplicates + right.Duplicates, left.Rejected + right.Rejected);
    }

    [LoggerMessage(1, LogLevel.Error, "A batch of {Count} events of journal {JournalId} holds a row that cannot be booked.")]
    private static partial void LogBisecting(ILogger logger, Exception exception, int count, Guid journalId);

    [LoggerMessage(2, LogLevel.Error, "Usage of request {RequestId}, organization {OrganizationId}, is put aside in usage_rejected.")]
    private static partial void LogRejected(ILogger logger, Exception exception, Guid requestId, Guid organizationId);

    [LoggerMessage(3, LogLevel.Error, "{Count} usage rows of journal {JournalId} cannot be priced and are put aside in usage_rejected.")]
    private static partial void LogPutAside(ILogger logger, int count, Guid journalId);

    [LoggerMessage(4, LogLevel.Error, "Usage of {LossUsd} dollars in journal {JournalId} was covered by no lease: the operator's loss.")]
    private static partial void LogLoss(ILogger logger, decimal lossUsd, Guid journalId);

    [LoggerMessage(5, LogLevel.Warning, "Journal {JournalId} ships with boot {Boot}, but a newer one has registered; refused.")]
    private static partial void LogOldBoot(ILogger logger, Guid journalId, long boot);

    [LoggerMessage(6, LogLevel.Warning,
        "Journal {JournalId} came back: {Count} requests that a worker's log had closed are corrected to that log.")]
    private static partial void LogCorrected(ILogger logger, int count, Guid journalId);

    [LoggerMessage(7, LogLevel.Warning,
        "{Count} price versions of usage in journal {JournalId} were missing here and are written down again: was Postgres restored?")]
    private static partial void LogPricesRestored(ILogger logger, int count, Guid journalId);
}
