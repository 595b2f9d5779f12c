using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Npgsql;
using Tollgate.Chaos.Tests.Load;
using Xunit.Abstractions;

namespace Tollgate.Chaos.Tests.Neighbours;

/// <summary>
/// One customer's flood leaves another's calls answered; prints what it measured. The goal on a machine that does nothing else is a median
/// of twice that alone; here clients, gateway and worker share its processors, and the bound is what a busy one keeps.
/// </summary>
[Collection(ThreeGateways.Name)]
public sealed class NeighbourTests(ThreeGateways shared, ITestOutputHelper output)
{
    private const int Calls = 25;
    private const int WarmUp = 5;

    /// <summary>Short enough for a pause between calls, long enough that a call is mostly the model's work.</summary>
    private const string Chat =
        """{"model":"tiny-assistant","max_tokens":24,"messages":[{"role":"user","content":"What is the capital of France?"}]}""";

    private const string Embedding = """{"model":"tiny-embed","input":"What is the capital of France?"}""";

    [Theory]
    [InlineData("/v1/chat/completions", Chat)]
    [InlineData("/v1/embeddings", Embedding)]
    public async Task Beside_330_hostile_connections_24_of_25_calls_are_answered(string path, string body)
    {
        var founding = new CustomerFounding(shared.Cluster, shared.Client, TimeProvider.System);
        var quiet = await founding.FoundOneAsync("quiet", 5m, [null]);
        var loud = await founding.FoundOneAsync("loud", 50m, [null]);
        await LimitAsFoundedAsync(loud);
        var api = shared.Cluster.Api[0];
        using var client = new HttpClient { BaseAddress = new Uri(api), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", quiet.Keys[0].Text);
        await MeasureAsync(client, path, body, WarmUp);

        var alone = await MeasureAsync(client, path, body, Calls);
        Measured beside;
        (int Answered, int Refused) hostile;
        await using (var tenant = new HostileTenant(api, loud.Keys[0].Text))
        {
            tenant.Start();
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System); // Until its connections stand and its requests wait.
            beside = await MeasureAsync(client, path, body, Calls);
            hostile = tenant.Calls;
        }

        output.WriteLine($"{path} alone {alone}; beside {HostileTenant.Connections} hostile connections {beside}; theirs: {hostile}");
        Assert.Equal(330, HostileTenant.Connections);
        Assert.Equal(Calls, alone.Answered);
        Assert.InRange(beside.Answered, Calls - 1, Calls);
    }

    /// <summary>The limits that every organization is founded with.</summary>
    private async Task LimitAsFoundedAsync(Customer customer)
    {
        await using var connection = new NpgsqlConnection(shared.Cluster.PostgresConnection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            update accounts.organization_policies set limits = '{"requestsPerMinute":10000,"tokensPerMinute":10000000,"concurrency":200}'
            where organization_id = $1
            """,
            connection) { Parameters = { new() { Value = customer.OrganizationId } } };
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<Measured> MeasureAsync(HttpClient client, string path, string body, int calls)
    {
        var (times, refusals) = (new List<TimeSpan>(), new List<string>());
        for (var i = 0; i < calls; i++)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            var started = Stopwatch.GetTimestamp();
            using var response = await client.PostAsync(path, content);
            if (response.IsSuccessStatusCode)
            {
                times.Add(Stopwatch.GetElapsedTime(started));
            }
            else
            {
                refusals.Add($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            }
        }

        times.Sort();
        return new Measured(
            times.Count, times.Count == 0 ? TimeSpan.MaxValue : times[times.Count / 2], times.LastOrDefault(), string.Join(' ', refusals));
    }

    private sealed record Measured(int Answered, TimeSpan Median, TimeSpan Longest, string Refusals)
    {
        public override string ToString() =>
            $"{Answered} of {Calls}, median {Median.TotalMilliseconds:0} ms, longest {Longest.TotalMilliseconds:0} ms {Refusals}";
    }
}
