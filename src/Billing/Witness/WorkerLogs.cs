using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Billing.Work;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Witness;

/// <summary>Copies workers' logs into <c>witness_entries</c>, each from the stored cursor on. Reading twice changes nothing.</summary>
internal sealed partial class WorkerLogs(
    NpgsqlDataSource dataSource, IHttpClientFactory clients, Witnesses witnesses, ILogger<WorkerLogs> logger)
{
    /// <summary>Name of the client that shows Billing's bearer to workers.</summary>
    public const string Client = "workers";

    private static readonly string TakeSql = EmbeddedSql.Read("Witness.TakePage.sql");

    /// <summary>Reads every log to its end. False when one could not be read: it may hold the only record of a request.</summary>
    public async Task<bool> ReadAllAsync(CancellationToken cancellationToken)
    {
        var all = witnesses.IsComplete;
        foreach (var worker in witnesses.List())
        {
            all &= await ReadToEndAsync(worker, cancellationToken);
        }

        return all;
    }

    /// <summary>
    /// Returns false when there is, or may be, more in the log. Does not call a worker that stopped cleanly and whose log was read to its
    /// end.
    /// </summary>
    private async Task<bool> ReadToEndAsync(WitnessedWorker worker, CancellationToken cancellationToken)
    {
        if (worker.End is { } end && await HasReadAsync(end, cancellationToken))
        {
            return true;
        }

        if (await TryReadAsync(worker.Url, cancellationToken) is { } reason)
        {
            LogUnread(logger, worker.Url, reason);
            return false;
        }

        return worker.End is null || await HasReadAsync(worker.End, cancellationToken); // Another worker may listen at this address now.
    }

    /// <summary>Reads the new lines of a log. Returns null, or the reason why it could not be read to its end.</summary>
    public async Task<string?> TryReadAsync(Uri worker, CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync(worker, cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return exception.Message;
        }
    }

    private async Task<bool> HasReadAsync(WorkerLogEnd end, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return end.Position == 0 || await connection.ReadValueAsync<long>(
            "select cursor from witness_logs where log_id = $1", cancellationToken, end.LogId) >= end.Position;
    }

    private async Task ReadAsync(Uri worker, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        var (log, cursor) = (await connection.ReadRowsAsync(
            "select log_id, cursor from witness_logs where worker = $1 order by read_at desc limit 1",
            row => ((Guid?)row.GetGuid(0), row.GetInt64(1)),
            cancellationToken,
            worker.ToString())).FirstOrDefault();
        while (true)
        {
            var page = await AskAsync(worker, cursor, cancellationToken);
            if (page.LogId != log)
            {
                // Positions in another log mean nothing in this one.
                log = page.LogId;
                cursor = await connection.ReadValueAsync<long>(
                    "select cursor from witness_logs where log_id = $1", cancellationToken, page.LogId);
                page = await AskAsync(worker, cursor, cancellationToken);
            }

            await TakeAsync(connection, worker, page, cancellationToken);
            cursor = page.Next;
            if (page.Entries.Count == 0)
            {
                return;
            }
        }
    }

    private async Task<WitnessPage> AskAsync(Uri worker, long after, CancellationToken cancellationToken)
    {
        using var http = clients.CreateClient(Client);
        return await http.GetFromJsonAsync(
            new Uri(worker, $"internal/witness?after={after}"), ContractsJson.Default.WitnessPage, cancellationToken)
            ?? throw new JsonException("The page is null.");
    }

    private static async Task TakeAsync(NpgsqlConnection connection, Uri worker, WitnessPage page, CancellationToken cancellationToken)
    {
        // Entries without an organization are not customers' requests.
        var entries = page.Entries.Where(entry => entry.OrganizationId is not null).ToList();
        await connection.ExecuteAsync(
            TakeSql,
            cancellationToken,
            [
                Column(entry => entry.OrganizationId!.Value), Column(entry => entry.RequestId), Column(entry => entry.Attempt),
                Column(entry => entry.Model.Replace("\0", "", StringComparison.Ordinal)),
                .. UnitKind.All.Select(kind => Column(entry => kind.Of(entry.Units))),
                Column(entry => entry.At.ToUniversalTime()), Column(entry => (short)entry.ServiceClass), page.LogId, worker.ToString(),
                page.Next,
            ]);

        T[] Column<T>(Func<WitnessEntry, T> value) => [.. entries.Select(value)];
    }

    [LoggerMessage(1, LogLevel.Warning, "The log of worker {Worker} could not be read: {Reason}")]
    private static partial void LogUnread(ILogger logger, Uri worker, string reason);
}
