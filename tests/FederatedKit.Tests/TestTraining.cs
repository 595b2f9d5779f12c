using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Federated;
using Tollgate.FederatedKit.Rounds;
using Tollgate.FederatedKit.Wire;
using Tollgate.Testing;

namespace Tollgate.FederatedKit.Tests;

/// <summary>Numbers that a test names in place of a training.</summary>
internal sealed class FixedWork(Func<int, double[]> numbers) : ILocalWork
{
    public double[] Compute(double[] weights, int round, CancellationToken cancellationToken) => numbers(round);
}

/// <summary>A participant that falls silent at a phase: nothing of it arrives from there on.</summary>
internal sealed class DropOut(FederatedPhase phase) : DelegatingHandler(new SocketsHttpHandler())
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is { } content && (await content.ReadAsStringAsync(cancellationToken))
            .Contains($"\"phase\":\"{phase.ToString().ToLowerInvariant()}\"", StringComparison.Ordinal))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        return await base.SendAsync(request, cancellationToken);
    }
}

/// <summary>A training with participants whose keys the test has.</summary>
internal sealed class TestTraining : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    private readonly FederatedFixture _fixture;
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _running = [];
    private readonly HttpClient _owner;

    private TestTraining(FederatedFixture fixture, ECDsa[] keys)
    {
        (_fixture, Keys) = (fixture, keys);
        _owner = new HttpClient { BaseAddress = fixture.Door.Address };
    }

    /// <summary>Of participant n at n − 1.</summary>
    public ECDsa[] Keys { get; }

    public string Id { get; private set; } = "";

    public Guid Guid => Guid.ParseExact(Id["fed-".Length..], "N");

    public FederatedTask Task { get; private set; } = null!;

    public static ECDsa[] NewKeys(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => ECDsa.Create(ECCurve.NamedCurves.nistP256))];

    /// <summary>Makes a training.</summary>
    /// <param name="more">Members of the request beside base model, labels and participants.</param>
    public static async Task<TestTraining> CreateAsync(
        FederatedFixture fixture, ECDsa[] keys, JsonObject more, FederatedBase? from = null, params string[] labels)
    {
        var training = new TestTraining(fixture, keys);
        from ??= new FederatedBase("none", new string('0', 64), 50);
        more["base_model"] = new JsonObject { ["name"] = from.Name, ["sha256"] = from.Sha256, ["width"] = from.Width };
        more["labels"] = new JsonArray([.. (labels.Length == 0 ? ["bad", "good"] : labels).Select(label => (JsonNode)label)]);
        more["participants"] = new JsonArray(
        [
            .. keys.Select((key, place) => (JsonNode)new JsonObject
            {
                ["name"] = $"p{place + 1}",
                ["public_key"] = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()),
            }),
        ]);
        using var made = await training._owner.PostAsJsonAsync("v1/fine_tuning/federated", more);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
        training.Id = JsonElement.Parse(await made.Content.ReadAsStringAsync()).GetProperty("id").GetString()!;
        training.Task = (await training.Api(new SocketsHttpHandler()).RoundAsync(1, default)).Task;
        return training;
    }

    /// <summary>The owner's view.</summary>
    public async Task<JsonElement> ShowAsync() =>
        JsonElement.Parse(await _owner.GetStringAsync($"v1/fine_tuning/federated/{Id}"));

    public Task<FederatedResult> ResultAsync() => Api(new SocketsHttpHandler()).ResultAsync(default);

    /// <summary>Begins a participant; it runs beside the test.</summary>
    public Task<FederatedRound> Start(int number, ILocalWork work, HttpMessageHandler? handler = null)
    {
        var memory = new RoundMemory(Path.Combine(TestFolder.Create("memory"), "rounds"));
        var participation = new Participation(
            Task, new ParticipantSettings(number, Keys[number - 1], memory, Pause), Api(handler ?? new SocketsHttpHandler()), work,
            _ => { });
        var running = participation.RunAsync(_end.Token);
        _running.Add(running);
        return running;
    }

    /// <summary>Sends a message as it is.</summary>
    /// <returns>The code of the refusal; null when it was taken.</returns>
    public async Task<string?> SendAsync(FederatedMessage message)
    {
        using var answer = await _owner.PostAsJsonAsync(
            $"v1/fine_tuning/federated/{Id}/messages", message, FederatedJson.Default.FederatedMessage);
        return answer.IsSuccessStatusCode ? null
            : JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("error").GetProperty("code").GetString();
    }

    public Task<FederatedRound> LookAsync(int number) => Api(new SocketsHttpHandler()).RoundAsync(number, default);

    /// <summary>Waits until some messages of a phase are there, and ends the phase.</summary>
    public async Task EndPhaseAsync(FederatedPhase phase, int messages)
    {
        var name = phase.ToString().ToLowerInvariant();
        await Until.TrueAsync(
            async () => await _fixture.ReadAsync<long>(
                """
                select count(*) from federated_messages m join federated_jobs j on j.id = m.job_id
                where j.id = $1 and j.phase = $2 and m.phase = $2 and m.round = j.round and m.attempt = j.attempt
                """, Guid, name) == messages,
            $"{messages} messages of phase {name}", TimeSpan.FromSeconds(60));
        await ExpireAsync();
    }

    /// <summary>Ends the time of the present phase.</summary>
    public Task ExpireAsync() => _fixture.ReadAsync<object>(
        "update federated_jobs set phase_until = now() - interval '1 second' where id = $1", Guid);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await System.Threading.Tasks.Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        _owner.Dispose();
    }

    private FederatedApi Api(HttpMessageHandler handler) =>
        new(FederatedApi.Client(_fixture.Door.Address, "sk-test", handler), Id, Pause);
}
