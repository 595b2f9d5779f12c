using Npgsql;
using Tollgate.Clusters;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests;

/// <summary>The parts as docker-compose.yml starts them: each a process of its own, with nothing between them but the network.</summary>
public sealed class SeparateProcessesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Compose_services_serve_and_bill_the_newcomers_call()
    {
        await using var cluster = await TollgateCluster.StartAsync(TestFolder.Create("compose"), gateways: 1, workers: 1);
        using var client = new OperatorClient(cluster.Secrets.Cluster);
        using var caller = new Caller(TimeProvider.System);

        var first = await client.PostAsync(
            "accounts",
            cluster.AccountsInternal + "/internal/bootstrap",
            new Bootstrap("admin@tollgate.localhost", "Correct-horse-7-battery"),
            ContractsJson.Default.Bootstrap, ContractsJson.Default.Bootstrapped);
        var created = await client.PostAsync(
            "accounts", cluster.AccountsInternal + "/internal/keys", new CreateOperatorKey("newcomer", 100, 100_000, 1m),
            ContractsJson.Default.CreateOperatorKey, ContractsJson.Default.CreatedKey);
        var key = new CustomerKey(
            created.KeyId, created.PublicId, created.Text, 1_000_000_000, new Customer(Guid.Empty, Guid.Empty, "operator", 5, true));
        var call = await FirstAnswerAsync(caller, cluster.Api[0], key);

        Assert.NotNull(first.KeyText);
        Assert.Equal(CallEnd.Whole, call.End);
        Assert.True(call.UsageCompletion > 0, call.Detail);
        Assert.Equal(call.UsageCompletion, call.Received);
        Assert.Equal((call.UsagePrompt, call.UsageCompletion, 1L), await BilledAsync(cluster, call.RequestId!.Value));
        Assert.Equal(0, await cluster.RunHealthCheckAsync("gateway", cluster.Gateways[0]));
        Assert.Equal(0, await cluster.RunHealthCheckAsync("worker", cluster.Workers[0]));
        Assert.Equal(0, await cluster.RunHealthCheckAsync("accounts", cluster.Accounts));
        Assert.Equal(0, await cluster.RunHealthCheckAsync("billing", cluster.Billing));
    }

    /// <summary>
    /// The first seconds of an installation may answer 503: the wallet is on its way from Accounts' outbox, the worker was not polled yet.
    /// </summary>
    private static Task<CallRecord> FirstAnswerAsync(Caller caller, string gateway, CustomerKey key) => Until.ValueAsync(
        async () =>
        {
            var record = new CallRecord
            {
                Number = 1, Key = key, Gateway = gateway, Kind = "chat stream", StartedAt = TimeProvider.System.GetUtcNow(),
            };
            const string Body =
                """
                {"model":"tiny-assistant","stream":true,"stream_options":{"include_usage":true},"max_tokens":24,
                 "messages":[{"role":"user","content":"What is the capital of France?"}]}
                """;
            var plan = new CallPlan("/v1/chat/completions", Body, true, "chat stream", null, null);
            await caller.CallAsync(plan, record, CancellationToken.None);
            return record.Status == 503 ? null : record;
        },
        "the first answer",
        Patience);

    private static async Task<(long?, long?, long)> BilledAsync(TollgateCluster cluster, Guid requestId)
    {
        await using var connection = new NpgsqlConnection(cluster.PostgresConnection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            select coalesce(sum(input + cached), -1)::bigint, coalesce(sum(output + reasoning), -1)::bigint, count(*)
            from billing.usage_events where request_id = $1
            """,
            connection)
        {
            Parameters = { new() { Value = requestId } },
        };
        (long?, long?, long) found = default;
        await Until.TrueAsync(
            async () =>
            {
                await using var reader = await command.ExecuteReaderAsync();
                await reader.ReadAsync();
                found = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
                return found.Item3 > 0;
            },
            "the call's usage row",
            Patience);
        return found;
    }
}
