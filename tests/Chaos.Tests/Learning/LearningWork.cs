using System.Text.Json;
using Npgsql;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;

namespace Tollgate.Chaos.Tests.Learning;

/// <summary>What Billing booked for a request.</summary>
internal sealed record BookedRequest(decimal Amount, long Output, short Class);

/// <summary>Work of the service Learning, under a key of its own, that kills must not change.</summary>
internal abstract class LearningWork(TollgateCluster cluster, OperatorClient client, string name, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private Guid _key;
    private LearningApi? _api;

    /// <summary>Whether all of it had ended at the last look.</summary>
    public bool HasEnded { get; protected set; }

    /// <summary>Of the key that all of it runs with.</summary>
    protected Guid Key => _key;

    protected LearningApi Api => _api!;

    public async Task StartAsync()
    {
        var key = await client.PostAsync(
            "accounts", cluster.AccountsInternal + "/internal/keys", new CreateOperatorKey(name, null, null, null),
            ContractsJson.Default.CreateOperatorKey, ContractsJson.Default.CreatedKey);
        (_key, _api) = (key.KeyId, new LearningApi(cluster.Api[0], key.Text, Patience));
        await BeginAsync();
    }

    /// <summary>Looks how far it is, in words.</summary>
    public abstract Task<string> LookAsync();

    /// <summary>Begins more of it.</summary>
    public abstract Task AddAsync();

    /// <summary>Waits until everything has a cost, and judges.</summary>
    /// <returns>A line, and what did not hold.</returns>
    public abstract Task<(string Summary, IReadOnlyList<string> Broken)> EndAsync();

    public void Dispose() => _api?.Dispose();

    protected abstract Task BeginAsync();

    protected async Task<List<JsonElement>> ShowAsync(string path, IEnumerable<string> ids)
    {
        var shown = new List<JsonElement>();
        foreach (var id in ids)
        {
            shown.Add(await Api.ShowAsync($"{path}/{id}"));
        }

        return shown;
    }

    protected Task<List<JsonElement>> WaitAsync(string path, IReadOnlyList<string> ids, Predicate<JsonElement> isThere) =>
        WaitAsync(path, () => ShowAsync(path, ids), shown => shown.TrueForAll(isThere));

    /// <summary>Looks again and again until what is seen is as it should be.</summary>
    protected async Task<T> WaitAsync<T>(string what, Func<Task<T>> look, Predicate<T> isThere)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            var seen = await look();
            if (isThere(seen))
            {
                return seen;
            }

            if (clock.GetElapsedTime(since) > Patience)
            {
                var last = seen is IEnumerable<JsonElement> shown ? string.Join('\n', shown) : seen?.ToString();
                throw new TimeoutException($"{what} does not come to its end: {last}");
            }

            await Task.Delay(Look, clock);
        }
    }

    /// <summary>The requests of the key.</summary>
    protected Task<Dictionary<Guid, BookedRequest>> RowsAsync() => ReadAsync(
        """
        select request_id, sum(amount), sum(output)::bigint, max(service_class) from billing.usage_events where key_id = $1
        group by request_id
        """,
        row => new BookedRequest(row.GetDecimal(1), row.GetInt64(2), row.GetInt16(3)), _key);

    /// <summary>Rows by the id in their first column.</summary>
    protected async Task<Dictionary<Guid, T>> ReadAsync<T>(string query, Func<NpgsqlDataReader, T> read, params object[] values)
    {
        await using var connection = new NpgsqlConnection(cluster.PostgresConnection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(query, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync();
        var rows = new Dictionary<Guid, T>();
        while (await reader.ReadAsync())
        {
            rows[reader.GetGuid(0)] = read(reader);
        }

        return rows;
    }
}
