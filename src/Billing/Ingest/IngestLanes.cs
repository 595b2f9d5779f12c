using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Billing.Restores;
using Tollgate.Billing.Work;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Ingest;

/// <summary>
/// Keeps connections open together with their staging tables. A temporary table per batch would bloat the catalogue of Postgres, and
/// returning a connection to the pool drops its table. Thread-safe; one batch at a time uses a lane.
/// </summary>
internal sealed class IngestLanes(NpgsqlDataSource dataSource, RestoreWatch restores, IOptions<IngestOptions> options) : IAsyncDisposable
{
    private static readonly string CreateStageSql = EmbeddedSql.Read("Ingest.CreateStage.sql");
    private readonly ConcurrentBag<NpgsqlConnection> _idle = [];
    private readonly SemaphoreSlim _free = new(options.Value.Lanes);

    /// <summary>Waits for a lane and runs <paramref name="work"/> on it. Closes the connection if the work fails.</summary>
    /// <param name="work">Takes the connection and the identity of its database.</param>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, string, Task<T>> work, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        NpgsqlConnection? connection = null;
        try
        {
            connection = _idle.TryTake(out var idle) ? idle : await OpenAsync(cancellationToken);
            var result = await work(connection, await restores.RecognizeAsync(connection, cancellationToken));
            _idle.Add(connection);
            connection = null;
            return result;
        }
        finally
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }

            _free.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_idle.TryTake(out var connection))
        {
            await connection.DisposeAsync();
        }

        _free.Dispose();
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await connection.ExecuteAsync(CreateStageSql, cancellationToken);
        return connection;
    }
}
