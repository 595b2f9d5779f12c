using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Tollgate.Accounts.Fleet;
using Tollgate.Accounts.Money;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Tests.Fleet;

/// <summary>The register of workers over real HTTP and a real Postgres.</summary>
public sealed class FleetTests(FleetTests.Register register) : IClassFixture<FleetTests.Register>
{
    private static readonly DateTimeOffset Started = new(2026, 5, 1, 8, 0, 0, TimeSpan.Zero);

    /// <summary>One Accounts for the class; each test has a worker of its own.</summary>
    private readonly string _id = $"worker-{Guid.NewGuid():N}";

    private HttpClient Worker => register.Worker;

    [Fact]
    public async Task Heartbeat_enters_the_directory_and_only_what_gateways_must_know_wakes_them()
    {
        await BeatAsync(_id, "http://10.0.0.7:8093/");
        var (first, etag) = await DirectoryAsync();
        await BeatAsync(_id, "http://10.0.0.7:8093", active: 7);
        var unchanged = await DirectoryAsync(etag, wait: false);
        await BeatAsync(_id, "http://10.0.0.7:8093", draining: true);
        var (stopping, _) = await DirectoryAsync(etag);
        await BeatAsync(_id, "http://10.0.0.9:8093", started: Started.AddMinutes(1));
        var (moved, _) = await DirectoryAsync();

        Assert.Equal(new RegisteredWorker(_id, "http://10.0.0.7:8093", false, false, null), first);
        Assert.Null(unchanged.ETag);
        Assert.Equal(new RegisteredWorker(_id, "http://10.0.0.7:8093", false, true, null), stopping);
        Assert.Equal(new RegisteredWorker(_id, "http://10.0.0.9:8093", false, false, null), moved);
    }

    [Fact]
    public async Task An_order_to_drain_holds_over_restarts_until_it_is_withdrawn()
    {
        await BeatAsync(_id, "http://10.0.0.7:8093");
        var unknown = await OrderAsync("worker-9", "drain");
        var known = await OrderAsync(_id, "drain");
        await BeatAsync(_id, "http://10.0.0.8:8093", started: Started.AddMinutes(1));
        var drained = (await DirectoryAsync()).Worker!.Drained;
        var shown = (await LinesAsync()).Single(line => line.Id == _id).State;
        await OrderAsync(_id, "undrain");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NoContent), (unknown, known));
        Assert.True(drained);
        Assert.Equal(WorkerState.Draining, shown);
        Assert.False((await DirectoryAsync()).Worker!.Drained);
    }

    [Fact]
    public async Task Leave_says_where_the_log_ends_and_a_late_one_does_not_take_out_a_successor()
    {
        var log = new WorkerLogEnd(Guid.NewGuid(), 4711);
        await BeatAsync(_id, "http://10.0.0.7:8093", started: Started.AddMinutes(1));
        var late = await Worker.PostAsJsonAsync($"/internal/workers/{_id}/leave", new WorkerLeaving(Started, log));
        var present = (await DirectoryAsync()).Worker!.Left;
        var left = await Worker.PostAsJsonAsync($"/internal/workers/{_id}/leave", new WorkerLeaving(Started.AddMinutes(1), log));
        var gone = (await DirectoryAsync()).Worker!.Left;
        var line = (await LinesAsync()).Single(line => line.Id == _id);
        await BeatAsync(_id, "http://10.0.0.7:8093", started: Started.AddMinutes(2));

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NoContent), (late.StatusCode, left.StatusCode));
        Assert.Null(present);
        Assert.Equal(log, gone);
        Assert.Equal(WorkerState.Stopped, line.State);
        Assert.NotNull(line.Since);
        Assert.Null((await DirectoryAsync()).Worker!.Left);
    }

    [Fact]
    public async Task Two_processes_under_one_name_are_told_and_the_later_start_keeps_it()
    {
        await BeatAsync(_id, "http://10.0.0.7:8093", started: Started.AddMinutes(1));
        using var earlier = await Worker.PostAsJsonAsync("/internal/workers", Heartbeat(_id, "http://10.0.0.8:8093", Started));

        Assert.Equal(HttpStatusCode.Conflict, earlier.StatusCode);
        Assert.Equal("http://10.0.0.7:8093", (await DirectoryAsync()).Worker!.Url);
    }

    [Fact]
    public async Task Nonsense_is_refused_with_its_fault_and_only_those_who_may_are_heard()
    {
        using var address = await Worker.PostAsJsonAsync("/internal/workers", Heartbeat(_id, "nowhere", Started));
        using var name = await Worker.PostAsJsonAsync("/internal/workers", Heartbeat("", "http://10.0.0.8:8093", Started));
        using var status = await Worker.PostAsJsonAsync("/internal/workers", new { url = "http://10.0.0.8:8093" });
        using var gateway = await register.Gateway.PostAsJsonAsync("/internal/workers", Heartbeat(_id, "http://10.0.0.8:8093", Started));
        using var worker = await Worker.PostAsync($"/internal/workers/{_id}/drain", null);

        Assert.All([address, name, status], response => Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode));
        Assert.Contains("base address", await address.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.All([gateway, worker], response => Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode));
        Assert.Null((await DirectoryAsync()).Worker);
    }

    [Fact]
    public async Task A_forgotten_worker_is_gone_until_it_is_heard_again()
    {
        await BeatAsync(_id, "http://10.0.0.7:8093");
        var forgotten = await OrderAsync(_id, "forget");
        var after = (await DirectoryAsync()).Worker;
        await BeatAsync(_id, "http://10.0.0.7:8093");

        Assert.Equal((HttpStatusCode.NoContent, (RegisteredWorker?)null), (forgotten, after));
        Assert.NotNull((await DirectoryAsync()).Worker);
    }

    [Fact]
    public void Merge_says_of_each_worker_what_the_operator_can_expect_of_it()
    {
        var now = Started.AddHours(1);
        WorkerEntry[] entries =
        [
            Entry("ready", now), Entry("silent", now.AddSeconds(-11)), Entry("unreachable", now), Entry("draining", now, drained: true),
            Entry("stopped", now.AddMinutes(-5), left: now.AddMinutes(-5)),
        ];
        var seen = new Figure<Contracts.Catalogue.Fleet>(
            new Contracts.Catalogue.Fleet(now,
            [
                new FleetWorker("http://ready:1/", true, Status("ready")), new FleetWorker("http://silent:1/", false, null),
                new FleetWorker("http://unreachable:1/", false, null), new FleetWorker("http://draining:1/", true, Status("draining")),
                new FleetWorker("http://listed:1/", true, Status("listed")),
            ]),
            IsFresh: true, now);

        var lines = FleetView.Merge(entries, seen, now).Select(line => (line.Id, line.State, line.Registered)).ToList();

        Assert.Equal(
            [
                ("draining", WorkerState.Draining, true), ("listed", WorkerState.Ready, false), ("ready", WorkerState.Ready, true),
                ("silent", WorkerState.Silent, true), ("stopped", WorkerState.Stopped, true),
                ("unreachable", WorkerState.Unreachable, true),
            ],
            lines);
    }

    private static WorkerEntry Entry(string id, DateTimeOffset heard, bool drained = false, DateTimeOffset? left = null) => new()
    {
        Id = id, Url = $"http://{id}:1", StartedAt = Started, LastHeard = heard, Status = Status(id), Drained = drained, LeftAt = left,
    };

    private static WorkerStatus Status(string id, bool draining = false, DateTimeOffset? started = null, int active = 0) => new(
        id, "1", "cpu", draining, started ?? Started,
        [
            new ServedModel(
                new ModelCard
                {
                    Name = "tiny-embed", Version = "1", Task = "embeddings", ContextLength = 256, DefaultMaxOutput = 0,
                    Measure = new PromptMeasure(1, TextTokens: 2, IdTokens: 2, Chat: null),
                },
                Ready: true, active, Queued: 0, Slots: 0),
        ]);

    private static WorkerHeartbeat Heartbeat(
        string id, string url, DateTimeOffset started, bool draining = false, int active = 0) =>
        new(url, Status(id, draining, started, active));

    private async Task BeatAsync(string id, string url, DateTimeOffset? started = null, bool draining = false, int active = 0)
    {
        using var response = await Worker.PostAsJsonAsync(
            "/internal/workers", Heartbeat(id, url, started ?? Started, draining, active), ContractsJson.Default.WorkerHeartbeat);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private async Task<HttpStatusCode> OrderAsync(string id, string verb)
    {
        using var response = await register.Operator.PostAsync($"/internal/workers/{id}/{verb}", null);
        return response.StatusCode;
    }

    private async Task<IReadOnlyList<WorkerLine>> LinesAsync() =>
        (await register.Operator.GetFromJsonAsync("/internal/workers/list", ContractsJson.Default.IReadOnlyListWorkerLine))!;

    /// <summary>This test's worker in the directory.</summary>
    /// <param name="wait">Whether to wait for a change; otherwise both are null when there was none right away.</param>
    private async Task<(RegisteredWorker? Worker, string? ETag)> DirectoryAsync(string? known = null, bool wait = true)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/internal/workers");
        if (known is not null)
        {
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(known));
        }

        using var limit = new CancellationTokenSource(
            wait ? TimeSpan.FromSeconds(20) : TimeSpan.FromMilliseconds(200), TimeProvider.System);
        try
        {
            using var response = await register.Gateway.SendAsync(request, limit.Token);
            var directory = await response.Content.ReadFromJsonAsync(ContractsJson.Default.WorkerDirectory);
            return (directory!.Workers.SingleOrDefault(worker => worker.Id == _id), response.Headers.ETag?.ToString());
        }
        catch (OperationCanceledException) when (!wait)
        {
            return (null, null);
        }
    }

    /// <summary>Accounts, and those who speak to it.</summary>
    public sealed class Register : IAsyncLifetime
    {
        private AccountsHost _host = null!;

        internal HttpClient Worker { get; private set; } = null!;

        internal HttpClient Gateway { get; private set; } = null!;

        internal HttpClient Operator { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            _host = await AccountsHost.StartAsync();
            (Worker, Gateway, Operator) = (_host.ClientAs("inference"), _host.ClientAs("gateway"), _host.ClientAs("operator"));
        }

        public async Task DisposeAsync()
        {
            Worker.Dispose();
            Gateway.Dispose();
            Operator.Dispose();
            await _host.DisposeAsync();
        }
    }
}
