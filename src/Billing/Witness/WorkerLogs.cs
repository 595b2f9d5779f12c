using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Billing.Work;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;

namespace Tollgate.Billing.Witness;

/// <summary>Reads workers' own logs into <c>witness_entries</c>, each from where it was read to. Reading twice changes nothing.</summary>
internal sealed partial class WorkerLogs(
    NpgsqlDataSource dataSource, IHttpClientFactory clients, Witnesses witnesses, ILogger<WorkerLogs> logger)
{
    /// <summary>Name of the client that shows Billing's bearer to workers.</summary>
    public const string Client = "workers";

    private static readonly string TakeSql = EmbeddedSql.Read("Witness.TakePage.sql");

    /// <summary>Reads every log to its end. False when one could not be read: its worker may know what is missed elsewhere.</summary>
    public async Task<bool> ReadAllAsync(CancellationToken cancellationToken)
    {
        var all = witnesses.IsComplete;
        foreach (var worker in witnesses.List())
        {
            all &= await ReadToEndAsync(worker, cancellationToken);
        }

        return all;
    }

    /// <summary>False when there is, or may be, more in the log. One that stopped in order and was read before needs no answer.</summary>
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

        return worker.End is null || await HasReadAsync(worker.End, cancellationToken); // Another worker may listen there now.
    }

    /// <summary>Reads what is new in a log. Not null when it could not be read to its end: the reason.</summary>
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
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
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
                // Positions of another log mean nothing in this one.
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
        // Without an organization it was no customer's request.
        var entries = page.Entries.Where(entry => entry.OrganizationId is not null).ToList();
        await connection.ExecuteAsync(
            TakeSql,
            cancellationToken,
            Column(entry => entry.OrganizationId!.Value), Column(entry => entry.RequestId), Column(entry => entry.Attempt),
            Column(entry => entry.Model.Replace("\0", "", StringComparison.Ordinal)),
            Column(entry => entry.Units.Input), Column(entry => entry.Units.Cached), Column(entry => entry.Units.Output),
            Column(entry => entry.Units.Reasoning), Column(entry => entry.Units.AudioMs), Column(entry => entry.Units.Images),
            Column(entry => entry.At.ToUniversalTime()),
            page.LogId, worker.ToString(), page.Next);

        T[] Column<T>(Func<WitnessEntry, T> value) => [.. entries.Select(value)];
    }

    [LoggerMessage(1, LogLevel.Warning, "The log of worker {Worker} could not be read: {Reason}")]
    private static partial void LogUnread(ILogger logger, Uri worker, string reason);
}
