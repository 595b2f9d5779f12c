using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Money;
using Tollgate.Gateway.Workers;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Harness;

/// <summary>The real gateway on real sockets with a real Redis, a control plane that books what
/// it ships, and as many scripted workers as a test wants.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    private const string Pepper = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
    private static long _lastVersion;
    private readonly ConnectionMultiplexer _redis;
    private readonly List<ScriptedWorker> _workers;

    private GatewayUnderTest(WebApplication app, ControlPlane plane, ConnectionMultiplexer redis, List<ScriptedWorker> workers)
    {
        (App, Plane, _redis, _workers) = (app, plane, redis, workers);

        // A client that leaves hangs up; it does not read on for a while to keep its connection.
        Http = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress =
            new Uri(app.Url(ListenerKind.Public)) };
    }

    public WebApplication App { get; }

    public WorkerPool Pool => App.Services.GetRequiredService<WorkerPool>();

    public ControlPlane Plane { get; }

    public HttpClient Http { get; }

    public ScriptedWorker Worker => _workers[0];

    public IReadOnlyList<ScriptedWorker> Workers => _workers;

    /// <summary>Starts one, and waits until its workers answer.</summary>
    public static Task<GatewayUnderTest> StartAsync(int workers = 1, params string[] settings) => StartAsync(_ => { }, workers, settings);

    /// <param name="map">Maps more endpoints before the gateway starts.</param>
    public static Task<GatewayUnderTest> StartAsync(Action<WebApplication> map, params string[] settings) =>
        StartAsync(_ => { }, 1, settings, map);

    /// <param name="prepare">Called with the control plane before the gateway starts.</param>
    public static Task<GatewayUnderTest> StartAsync(Action<ControlPlane> prepare, params string[] settings) =>
        StartAsync(prepare, 1, settings);

    private static async Task<GatewayUnderTest> StartAsync(
        Action<ControlPlane> prepare, int workers, string[] settings, Action<WebApplication>? map = null)
    {
        var plane = await ControlPlane.StartAsync();
        prepare(plane);
        plane.Catalogue.Publish(new CatalogueSnapshot(
            new Dictionary<string, string> { ["text-davinci-002"] = "tiny-assistant", ["text-embedding-ada-002"] = "tiny-embed" },
                ["hidden"]));
        plane.Prices.Publish(new PriceSnapshot(
        [
            new ModelPrice("tiny-assistant", new Guid("0195aaaa-0000-7000-8000-000000000001"), DateTimeOffset.UnixEpoch, null,
                new(500_000, 0, 1_500_000, 0, 0, 0)),
            new ModelPrice(
                "tiny-embed", new Guid("0195aaaa-0000-7000-8000-000000000002"), DateTimeOffset.UnixEpoch, null, new(20_000, 0, 0, 0, 0, 0)),
        ]));
        var scripted = Enumerable.Range(0, workers).Select(_ => ScriptedWorker.Start()).ToList();
        var redis = (await RedisServer.SharedAsync()).ConnectionString;
        var app = GatewayApp.Create(
        [
            "--Listen:Public=http://127.0.0.1:0", "--Listen:Internal=http://127.0.0.1:0",
            TestBearers.Argument("gateway"), $"--Keys:Peppers=p1:{Pepper}",
            $"--Services:accounts={plane.Url}", $"--Services:billing={plane.Url}", $"--Redis:ConnectionString={redis}",
            "--Redis:Timeout=00:00:02", "--Till:LeaseWait=00:00:05",
            $"--Gateway:DataDirectory={TestFolder.Create("gateway")}", "--Routing:PollInterval=00:00:00.050",
            .. scripted.Select((worker, i) => $"--Routing:Workers:{i}={worker.Url}"), .. settings,
        ]);
        map?.Invoke(app);
        await app.StartAsync();
        var gateway = new GatewayUnderTest(app, plane, await ConnectionMultiplexer.ConnectAsync(redis), scripted);
        await Until.TrueAsync(
            async () =>
            (await gateway.Http.GetAsync("/health/ready")).IsSuccessStatusCode && gateway.Pool.Cards.Count > 0, "a ready gateway");
        await Until.TrueAsync(() => gateway.Pool.Workers.All(worker => worker.Healthy), "healthy workers");
        return gateway;
    }

    /// <summary>Makes an organization of its own with a key, and publishes both as Accounts does.</summary>
    public async Task<TestKey> CreateKeyAsync(
        Func<KeyRecord, KeyRecord>? change = null, Func<OrganizationPolicy, OrganizationPolicy>? changePolicy = null)
    {
        var (publicId, secret, text) = ApiKeyText.Create();
        var mac = Convert.ToBase64String(ApiKeyText.Mac(Convert.FromHexString(Pepper), secret));
        var key = new KeyRecord
        {
            PublicId = publicId,
            KeyId = Guid.NewGuid(),
            OrganizationId = Guid.NewGuid(),
            ProjectId = Guid.NewGuid(),
            Version = NextVersion(),
            State = KeyState.Active,
            Secrets = [new KeySecret(mac, "p1", null)],
            Limits = new Limits { RequestsPerMinute = 60, TokensPerMinute = 60_000 },
        };
        key = change?.Invoke(key) ?? key;
        var policy = new OrganizationPolicy
        {
            OrganizationId = key.OrganizationId,
            Version = NextVersion(),
            Suspended = false,
            Limits = Limits.None,
            Projects = new Dictionary<string, Limits>(),
            Models = new Dictionary<string, Limits>(),
        };
        policy = changePolicy?.Invoke(policy) ?? policy;
        await PublishAsync(key);
        await PublishAsync(policy);
        return new TestKey(text, key);
    }

    /// <summary>Writes an organization's policy and its version to Redis, as Accounts does on every change.</summary>
    public async Task PublishAsync(OrganizationPolicy policy)
    {
        var db = _redis.GetDatabase();
        await db.StringSetAsync(
            RedisNames.Policy(policy.OrganizationId),
            JsonSerializer.SerializeToUtf8Bytes(policy, ContractsJson.Default.OrganizationPolicy));
        await db.HashSetAsync(
            RedisNames.Organization(policy.OrganizationId), RedisNames.PolicyVersionField, policy.Version.ToString("N"));
    }

    /// <summary>A version after all that it has given: those of Accounts rise for a row within a millisecond too.</summary>
    public static Guid NextVersion()
    {
        while (true)
        {
            var last = Interlocked.Read(ref _lastVersion);
            var next = Math.Max(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), last + 1);
            if (Interlocked.CompareExchange(ref _lastVersion, next, last) == last)
            {
                return Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(next));
            }
        }
    }

    /// <summary>Writes a key's record and version to Redis, as Accounts does on every change.</summary>
    public async Task PublishAsync(KeyRecord key)
    {
        var db = _redis.GetDatabase();
        await db.StringSetAsync(RedisNames.Key(key.PublicId), JsonSerializer.SerializeToUtf8Bytes(key, ContractsJson.Default.KeyRecord));
        await db.HashSetAsync(
            RedisNames.Organization(key.OrganizationId), RedisNames.KeyVersionField(key.PublicId), key.Version.ToString("N"));
    }

    /// <summary>What is held and what is spent of a key's organization's till, nano-dollars; null without a till.</summary>
    public async Task<(long Held, long Spent)?> TillAsync(TestKey key)
    {
        string? till = await _redis.GetDatabase().HashGetAsync(RedisNames.Organization(key.Record.OrganizationId), "till");
        return till?.Split(' ').Select(long.Parse).ToArray() is [_, _, var spent, var held] ? (held, spent) : null;
    }

    /// <summary>Starts another worker; the directory names it only once it is published.</summary>
    public ScriptedWorker AddWorker()
    {
        var worker = ScriptedWorker.Start();
        _workers.Add(worker);
        return worker;
    }

    public Task<HttpResponseMessage> PostAsync(TestKey key, string path, string json) =>
        Http.SendAsync(Post(key, path, json), HttpCompletionOption.ResponseHeadersRead);

    public static HttpRequestMessage Post(TestKey key, string path, string json) => new(HttpMethod.Post, path)
    {
        Headers = { Authorization = key.Bearer },
        Content = new StringContent(json, Encoding.UTF8, "application/json"),
    };

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        foreach (var worker in _workers)
        {
            await worker.DisposeAsync();
        }

        await App.DisposeAsync();
        await Plane.DisposeAsync();
        await _redis.DisposeAsync();
    }
}

/// <summary>A published key with its text.</summary>
internal sealed record TestKey(string Text, KeyRecord Record)
{
    public AuthenticationHeaderValue Bearer => new("Bearer", Text);
}
