using System.Net.Http.Headers;
using System.Text;
using Npgsql;
using Tollgate.Clusters;
using Tollgate.Testing;

namespace Tollgate.Cli.Tests;

/// <summary>
/// A cluster of separate processes, bootstrapped by the command line, and the command line as a process with the environment of the
/// container <c>bootstrap</c>.
/// </summary>
public sealed class ClusterCommands : IAsyncLifetime
{
    public const string Name = "one cluster and its command line";
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private TollgateCluster? _cluster;

    /// <summary>The built program.</summary>
    internal static string Program { get; } = Path.Combine(
        SharedFiles.Repository, "artifacts", "bin", "Cli", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "Tollgate.Cli.dll");

    internal TollgateCluster Cluster => _cluster ?? throw new InvalidOperationException("Not started.");

    /// <summary>The first bootstrap.</summary>
    internal ProgramRun First { get; private set; } = null!;

    /// <summary>The key that the first bootstrap printed.</summary>
    internal string Key => Line("Key ");

    public async Task InitializeAsync()
    {
        _cluster = await TollgateCluster.StartAsync(TestFolder.Create("cluster"), new ClusterPlan { Stripe = false });
        First = await RunAsync("bootstrap", "--email", "root@example.com");
        First.Succeeded();
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    /// <summary>Runs the command line in the cluster's environment.</summary>
    internal Task<ProgramRun> RunAsync(params string[] arguments) => RunAsync(new Dictionary<string, string>(), arguments);

    /// <summary>Runs the command line in the cluster's environment with some variables changed.</summary>
    internal Task<ProgramRun> RunAsync(IReadOnlyDictionary<string, string> changes, params string[] arguments) => ProgramRun.RunAsync(
        "dotnet", [Program, .. arguments],
        Cluster.OperatorEnvironment.Where(variable => !changes.ContainsKey(variable.Key)).Concat(changes).ToDictionary(),
        patience: TimeSpan.FromMinutes(5));

    /// <summary>The rest of the first bootstrap's only line that begins so.</summary>
    internal string Line(string start) =>
        First.Output.Split('\n').Single(line => line.StartsWith(start, StringComparison.Ordinal))[start.Length..].Trim();

    /// <summary>Asks a chat model of the cluster.</summary>
    /// <returns>Status, and the request's id.</returns>
    internal async Task<(int Status, Guid RequestId)> ChatAsync(string key, string model = "tiny-assistant")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Cluster.Api[0] + "/v1/chat/completions");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Content = new StringContent(
            $$"""{"model":"{{model}}","max_tokens":8,"messages":[{"role":"user","content":"What is the capital of France?"}]}""",
            Encoding.UTF8, "application/json");
        using var response = await Http.SendAsync(request);
        return ((int)response.StatusCode, Guid.ParseExact(response.Headers.GetValues("x-request-id").Single()["req_".Length..], "N"));
    }

    /// <summary>Asks until a model answers: gateways hear of prices, models and keys a moment later.</summary>
    internal async Task<Guid> ChatUntilServedAsync(string key, string model = "tiny-assistant")
    {
        (int Status, Guid RequestId) answer = default;
        await Until.TrueAsync(async () => (answer = await ChatAsync(key, model)).Status == 200, $"{model} answers", Patience);
        return answer.RequestId;
    }

    /// <summary>The first column of the only row of a query, as text; null without a row.</summary>
    internal async Task<string?> TextAsync(string sql, params object[] values)
    {
        await using var connection = new NpgsqlConnection(Cluster.PostgresConnection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(values.Select(value => new NpgsqlParameter { Value = value }).ToArray());
        return await command.ExecuteScalarAsync() as string;
    }
}

/// <summary>Names the collection of tests that share a <see cref="ClusterCommands"/>.</summary>
[CollectionDefinition(ClusterCommands.Name)]
public sealed class ClusterCommandsTests : ICollectionFixture<ClusterCommands>;
