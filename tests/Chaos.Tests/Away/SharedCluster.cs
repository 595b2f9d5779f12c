using Npgsql;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Away;

/// <summary>
/// One cluster of separate processes for all tests that leave it whole: a gateway, two workers, and the operator's first key. Whoever takes
/// a part away brings it back.
/// </summary>
public sealed class SharedCluster : IAsyncLifetime
{
    public const string Name = "one cluster of separate processes";
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private TollgateCluster? _cluster;

    internal TollgateCluster Cluster => _cluster ?? throw new InvalidOperationException("Not started.");

    /// <summary>What the first start made.</summary>
    internal Bootstrapped First { get; private set; } = null!;

    /// <summary>A key that gateways know.</summary>
    internal string Key { get; private set; } = "";

    internal ApiCaller Api { get; private set; } = null!;

    private OperatorClient Operator { get; set; } = null!;

    public async Task InitializeAsync()
    {
        _cluster = await TollgateCluster.StartAsync(TestFolder.Create("cluster"), new ClusterPlan
        {
            Workers = 2,
            Environment = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                // A busy machine must not look like a part that is away.
                ["gateway"] = new Dictionary<string, string>
                {
                    ["TOLLGATE__Redis__Timeout"] = "00:00:01", ["TOLLGATE__Till__LeaseWait"] = "00:00:05",
                },
            },
        });
        Operator = new OperatorClient(_cluster.Secrets.Bearers["operator"]);
        Api = new ApiCaller(_cluster.Api[0]);
        First = await _cluster.BootstrapAsync(Operator);
        Key = await CreateKeyAsync();
        await ServesAsync();
    }

    public async Task DisposeAsync()
    {
        Api?.Dispose();
        Operator?.Dispose();
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    /// <summary>A key in the operator's project; no gateway has seen it yet.</summary>
    internal async Task<string> CreateKeyAsync() => (await Operator.PostAsync(
        "accounts", Cluster.AccountsInternal + "/internal/keys", new CreateOperatorKey("away", null, null, null),
        ContractsJson.Default.CreateOperatorKey, ContractsJson.Default.CreatedKey)).Text;

    /// <summary>Waits until everything is back: the key is served, and the operator and the gateway see every worker ready.</summary>
    internal async Task ServesAsync()
    {
        AssertAllRun();
        await Until.TrueAsync(async () => (await Api.AskAsync(Key)).Status == 200, "the gateway answers", Patience);
        await Until.TrueAsync(
            async () => (await WorkersAsync()).Count(worker => worker.State == WorkerState.Ready) == Cluster.Workers.Count,
            "all workers are ready", Patience);
        await Cluster.WaitForWorkersAsync();
    }

    /// <summary>Fails on a part that ended by itself, with what it said last.</summary>
    private void AssertAllRun()
    {
        foreach (var part in Cluster.Processes.Where(part => !part.IsRunning))
        {
            var log = Cluster.LogFile(part.Name);
            Assert.Fail($"{part.Name} ended by itself. {(File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(20)) : "")}");
        }
    }

    /// <summary>What the operator's list says of the workers.</summary>
    internal Task<IReadOnlyList<WorkerLine>> WorkersAsync() => Operator.GetAsync(
        "accounts", Cluster.AccountsInternal + "/internal/workers/list", ContractsJson.Default.IReadOnlyListWorkerLine);

    /// <summary>Requests that a worker runs now.</summary>
    internal async Task<int> RunningAsync(int worker) => (await Operator.GetAsync(
        "inference", Cluster.WorkerInternal[worker] + "/internal/status", ContractsJson.Default.WorkerStatus))
        .Models.Sum(model => model.Active);

    /// <summary>Whether Billing has read the log of a worker that left to where it ended.</summary>
    internal async Task<bool> HasReadLogOfAsync(string worker)
    {
        await using var connection = new NpgsqlConnection(Cluster.PostgresConnection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            select exists (select from billing.witness_logs l join accounts.workers w on w.log_id = l.log_id and l.cursor >= w.log_end
              where w.id = $1)
            """,
            connection) { Parameters = { new() { Value = worker } } };
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The one row of a request, once it was shipped.</summary>
    internal async Task<Billed> BilledAsync(Guid requestId)
    {
        var rows = await Until.ValueAsync(
            async () => await ReadAsync(requestId) is { Count: > 0 } found ? found : null, $"the usage row of {requestId}", Patience);
        return Assert.Single(rows);
    }

    /// <summary>Every row of a request: there must be one, or none after a refusal.</summary>
    internal async Task<List<Billed>> ReadAsync(Guid requestId)
    {
        try
        {
            await using var connection = new NpgsqlConnection(Cluster.PostgresConnection);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(
                "select input + cached, output + reasoning, attempt, outcome::integer, amount "
                + "from billing.usage_events where request_id = $1",
                connection) { Parameters = { new() { Value = requestId } } };
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<Billed>();
            while (await reader.ReadAsync())
            {
                rows.Add(new Billed(
                    reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2), (Outcome)reader.GetInt32(3), reader.GetDecimal(4)));
            }

            return rows;
        }
        catch (NpgsqlException exception) when (exception.IsTransient)
        {
            NpgsqlConnection.ClearAllPools(); // Postgres was away.
            return [];
        }
    }
}

/// <summary>A usage row.</summary>
internal sealed record Billed(long Prompt, long Completion, int Attempt, Outcome Outcome, decimal Amount);

/// <summary>Names the collection of tests that share a <see cref="SharedCluster"/>.</summary>
[CollectionDefinition(SharedCluster.Name)]
public sealed class SharedClusterTests : ICollectionFixture<SharedCluster>;
