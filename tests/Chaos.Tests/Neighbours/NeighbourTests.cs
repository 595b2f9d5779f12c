using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Tollgate.Chaos.Tests.Load;
using Xunit.Abstractions;

namespace Tollgate.Chaos.Tests.Neighbours;

/// <summary>One customer's flood leaves another's calls answered; prints what it measured.</summary>
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
    public async Task Beside_330_hostile_connections_24_of_25_calls_are_answered_and_take_twice_as_long_at_most(string path, string body)
    {
        var founding = new CustomerFounding(shared.Cluster, shared.Client, TimeProvider.System);
        var quiet = await founding.FoundOneAsync("quiet", 5m, [null]);
        var loud = await founding.FoundOneAsync("loud", 50m, [null]);
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
        Assert.InRange(beside.Median / alone.Median, 0, 2);
    }

    private static async Task<Measured> MeasureAsync(HttpClient client, string path, string body, int calls)
    {
        var times = new List<TimeSpan>();
        for (var i = 0; i < calls; i++)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            var started = Stopwatch.GetTimestamp();
            using var response = await client.PostAsync(path, content);
            if (response.IsSuccessStatusCode)
            {
                times.Add(Stopwatch.GetElapsedTime(started));
            }
        }

        times.Sort();
        return new Measured(times.Count, times.Count == 0 ? TimeSpan.MaxValue : times[times.Count / 2], times.LastOrDefault());
    }

    private sealed record Measured(int Answered, TimeSpan Median, TimeSpan Longest)
    {
        public override string ToString() =>
            $"{Answered} of {Calls}, median {Median.TotalMilliseconds:0} ms, longest {Longest.TotalMilliseconds:0} ms";
    }
}
