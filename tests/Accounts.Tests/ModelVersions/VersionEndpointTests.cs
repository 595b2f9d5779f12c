using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Tests.Canaries;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.ModelVersions;

/// <summary>The operator's orders about versions over real HTTP: what they change, what workers and gateways then read, what is
/// refused.</summary>
public sealed class VersionEndpointTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        var status = Served.Status(
            "worker-1", Served.Version("m", "1"), Served.Version("m", "2", ModelState.Loading),
            Served.Version("m", "10", ModelState.Broken, "Cut."), Served.Version("single", "1"));
        _host.Responder.Fleet = new(DateTimeOffset.UnixEpoch, [new FleetWorker("http://worker-1:1", true, status)]);
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Weights_reach_gateways_and_workers_in_the_snapshot_and_the_list()
    {
        using var gateway = _host.ClientAs("gateway");
        using var worker = _host.ClientAs("inference");
        using var first = await gateway.GetAsync(CatalogueSnapshot.Path);
        using var poll = new HttpRequestMessage(HttpMethod.Get, CatalogueSnapshot.Path);
        poll.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        var waiting = worker.SendAsync(poll);

        Assert.Empty(await OrderAsync("m/weights", new SetWeights(new Dictionary<string, int> { ["1"] = 3, ["2"] = 1 })));

        using var changed = await waiting;
        var plan = Assert.Single((await changed.Content.ReadFromJsonAsync(ContractsJson.Default.CatalogueSnapshot))!.Plans);
        Assert.Equal(("m", false), (plan.Model, plan.Unloaded));
        Assert.Equal([new PlannedVersion("1", 3), new PlannedVersion("2", 1)], plan.Versions);
        Assert.Empty((await first.Content.ReadFromJsonAsync(ContractsJson.Default.CatalogueSnapshot))!.Plans);
        var model = await ModelAsync("m");
        Assert.Equal([("10", 0), ("2", 0.25), ("1", 0.75)], model.Versions.Select(one => (one.Version, one.Share)));
        Assert.Equal(
            [ModelState.Broken, ModelState.Loading, ModelState.Ready],
            model.Versions.SelectMany(one => one.Places).Select(one => one.State));
        Assert.Equal("Cut.", model.Versions[0].Places[0].Error);
    }

    [Fact]
    public async Task Without_a_plan_the_newest_version_serves_alone()
    {
        var model = await ModelAsync("m");

        Assert.Null(model.Plan);
        Assert.Equal([("10", 1.0), ("2", 0), ("1", 0)], model.Versions.Select(one => (one.Version, one.Share)));
    }

    [Fact]
    public async Task A_weight_of_zero_keeps_a_version_in_memory_and_what_is_not_named_leaves()
    {
        await OrderAsync("m/weights", Weights(("1", 5), ("2", 0)));
        var kept = (await ModelAsync("m")).Plan!;
        await OrderAsync("m/weights", Weights(("1", 5)));

        Assert.Equal([new PlannedVersion("1", 5), new PlannedVersion("2", 0, Kept: true)], kept.Versions);
        Assert.Equal([new PlannedVersion("1", 5)], (await ModelAsync("m")).Plan!.Versions);
    }

    [Fact]
    public async Task A_shadow_is_added_to_the_serving_version_and_ends_with_zero()
    {
        await OrderAsync("m/weights", Weights(("1", 100)));
        var set = await OrderAsync("m/shadow", new SetShadow("2", 20));
        var during = (await ModelAsync("m")).Plan!.Versions;
        var serving = await OrderAsync("m/shadow", new SetShadow("1", 20));
        var percent = await OrderAsync("m/shadow", new SetShadow("7", 101));
        await OrderAsync("m/weights", Weights(("1", 50)));
        var after = (await ModelAsync("m")).Plan!.Versions;
        await OrderAsync("m/shadow", new SetShadow("2", 0));

        Assert.Empty(set);
        Assert.Equal([new PlannedVersion("1", 100), new PlannedVersion("2", 0, 20)], during);
        Assert.Contains("Only a version with weight 0 gets copies", Assert.Single(serving).Text, StringComparison.Ordinal);
        Assert.Equal(["percent", "version"], percent.Select(fault => fault.Member).Order());
        Assert.Equal([new PlannedVersion("1", 50), new PlannedVersion("2", 0, 20)], after);
        Assert.Equal([new PlannedVersion("1", 50)], (await ModelAsync("m")).Plan!.Versions);
    }

    [Fact]
    public async Task A_shadow_beside_the_newest_version_alone_pins_that_version()
    {
        await OrderAsync("m/shadow", new SetShadow("2", 5));

        Assert.Equal([new PlannedVersion("2", 0, 5), new PlannedVersion("10", 100)], (await ModelAsync("m")).Plan!.Versions);
    }

    [Fact]
    public async Task Unload_load_and_clear_change_the_plan_once_and_are_written_down_once()
    {
        await OrderAsync("m/unload");
        await OrderAsync("m/unload");
        var unloaded = await ModelAsync("m");
        await OrderAsync("m/load");
        var loaded = await ModelAsync("m");
        await OrderAsync("m/weights", Weights(("1", 1)));
        await OrderAsync("m/plan", method: HttpMethod.Delete);
        await OrderAsync("m/plan", method: HttpMethod.Delete);

        Assert.True(unloaded.Plan!.Unloaded);
        Assert.All(unloaded.Versions, one => Assert.Equal(0, one.Share));
        Assert.Null(loaded.Plan);
        Assert.Null((await ModelAsync("m")).Plan);
        Assert.Equal(
            ["plan.unload m", "plan.load m", "plan.weights m: 1=1", "plan.clear m"],
            await _host.InScopeAsync<AccountsDb, List<string>>(db => db.AuditEntries.OrderBy(entry => entry.Id)
                .Select(entry => entry.Action + " " + entry.Subject).ToListAsync()));
    }

    [Fact]
    public async Task Faults_name_what_there_is()
    {
        var model = await OrderAsync("x/weights", Weights(("1", 1)));
        var version = await OrderAsync("m/weights", Weights(("3", 1), ("1", -1)));
        var none = await OrderAsync("m/weights", Weights(("1", 0)));
        var empty = await OrderAsync("m/weights", new SetWeights(null!));
        var canary = await OrderAsync("single/canary", new StartCanary("2") { LeastRequests = 0 });
        var unload = await OrderAsync("x/unload");
        var promote = await OrderAsync("m/canary/promote");

        Assert.Equal("No worker has a model x that the operator installed. There are: m, single.", Assert.Single(model).Text);
        Assert.Equal(
            ["No worker has version 3 of m. There are: 10, 2, 1.", "A weight is 0 to 1,000,000."], version.Select(fault => fault.Text));
        Assert.All([none, empty], faults => Assert.StartsWith(
            "One version needs a weight above 0.", Assert.Single(faults).Text, StringComparison.Ordinal));
        Assert.Equal("No worker has version 2 of single. There is: 1.", canary[0].Text);
        Assert.Equal("leastRequests", canary[1].Member);
        Assert.Equal("model", Assert.Single(unload).Member);
        Assert.Equal("No canary of m runs.", Assert.Single(promote).Text);
        Assert.Null((await ModelAsync("m")).Plan);
    }

    [Fact]
    public async Task A_running_canary_is_listed_holds_the_plan_and_ends_by_an_order()
    {
        await OrderAsync("m/weights", Weights(("1", 1)));
        var started = await OrderAsync("m/canary", new StartCanary("2") { Share = 10, Window = TimeSpan.FromMinutes(5) });
        var running = (await ModelAsync("m")).Canary!;
        var weights = await OrderAsync("m/weights", Weights(("1", 1)));
        var unload = await OrderAsync("m/unload");
        var load = await OrderAsync("m/load");
        var promoted = await OrderAsync("m/canary/promote");
        var rolledBack = await OrderAsync("m/canary/rollback");
        var history = await _host.Operators.GetFromJsonAsync(
            "/internal/models/m/canaries", ContractsJson.Default.IReadOnlyListCanaryReport);

        Assert.Empty(started);
        Assert.Equal(("2", "1", 10), (running.Version, running.OldVersion, running.Share));
        Assert.Equal([10, 25, 50, 100], running.Terms.Steps);
        Assert.Equal("The window of 00:05:00 is not over.", running.Standing);
        Assert.All(
            [weights, unload],
            faults => Assert.Contains("A canary of m runs", Assert.Single(faults).Text, StringComparison.Ordinal));
        Assert.Empty(load); // It is loaded: nothing changes.
        Assert.Empty(promoted);
        Assert.Empty(rolledBack);
        var ended = Assert.Single(history!);
        Assert.Equal((CanaryState.RolledBack, "Rolled back by the operator."), (ended.State, ended.Reason));
        Assert.Equal([10, 100, 0], ended.Events.Select(one => one.Share));
        Assert.Null((await ModelAsync("m")).Canary);
    }

    [Fact]
    public async Task The_running_service_rolls_back_by_itself_what_fails()
    {
        await OrderAsync("m/weights", Weights(("1", 1)));
        await OrderAsync("m/canary", new StartCanary("2"));
        using var gateway = _host.ClientAs("gateway");
        var failing = new VersionReport(Guid.NewGuid(), 1, 1,
        [
            new VersionMeasure("m", "1", false, 200, 0, [200, .. new long[DurationBuckets.Count - 1]]),
            new VersionMeasure("m", "2", false, 20, 20, new long[DurationBuckets.Count]),
        ]);
        using var sent = await gateway.PostAsJsonAsync(VersionReport.Path, failing, ContractsJson.Default.VersionReport);

        var ended = await Until.ValueAsync(
            async () => (await _host.Operators.GetFromJsonAsync(
                "/internal/models/m/canaries", ContractsJson.Default.IReadOnlyListCanaryReport))!
                .SingleOrDefault(canary => canary.State == CanaryState.RolledBack),
            "the rollback");

        Assert.StartsWith("Errors: 20 of 20 requests (100 %) with version 2, 0 of 200", ended.Reason, StringComparison.Ordinal);
        Assert.Equal([new PlannedVersion("1", 100)], (await ModelAsync("m")).Plan!.Versions);
    }

    [Fact]
    public async Task The_repository_of_the_protocol_lists_loads_and_unloads()
    {
        var all = await RepositoryAsync("index", "{}");
        var ready = await RepositoryAsync("index", """{"ready": true}""");
        var withoutBody = await RepositoryAsync("index", null);
        var unloaded = await RepositoryAsync("models/m/unload", """{"parameters": {"unload_dependents": false}}""");
        var isUnloaded = (await ModelAsync("m")).Plan!.Unloaded;
        var loaded = await RepositoryAsync("models/m/load", null);
        var unknown = await RepositoryAsync("models/x/load", "{}");

        Assert.Equal(
            [
                ("m", "10", "UNAVAILABLE", "Cut."), ("m", "2", "LOADING", ""), ("m", "1", "READY", ""), ("single", "1", "READY", ""),
            ],
            all.Json!.AsArray().Select(one => (
                (string)one!["name"]!, (string)one["version"]!, (string)one["state"]!, (string)one["reason"]!)));
        Assert.Equal(2, ready.Json!.AsArray().Count);
        Assert.Equal(4, withoutBody.Json!.AsArray().Count);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, true), (unloaded.Status, loaded.Status, isUnloaded));
        Assert.Equal(HttpStatusCode.BadRequest, unknown.Status);
        Assert.StartsWith("No worker has a model x", (string)unknown.Json!["error"]!, StringComparison.Ordinal);
        Assert.Null((await ModelAsync("m")).Plan);
    }

    private static SetWeights Weights(params (string Version, int Weight)[] weights) =>
        new(weights.ToDictionary(one => one.Version, one => one.Weight));

    private async Task<(HttpStatusCode Status, JsonNode? Json)> RepositoryAsync(string path, string? body)
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _host.Operators.PostAsync($"/v2/repository/{path}", content);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length > 0 ? JsonNode.Parse(text) : null);
    }

    /// <summary>Sends an order and gives its faults.</summary>
    private async Task<IReadOnlyList<(string Member, string Text)>> OrderAsync(
        string path, object? order = null, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, $"/internal/models/{path}");
        if (order is not null)
        {
            request.Content = JsonContent.Create(order, order.GetType());
        }

        using var response = await _host.Operators.SendAsync(request);
        if (response.StatusCode == HttpStatusCode.NoContent)
        {
            return [];
        }

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return
        [
            .. problem.RootElement.GetProperty("errors").EnumerateObject()
                .SelectMany(member => member.Value.EnumerateArray().Select(text => (member.Name, text.GetString()!))),
        ];
    }

    private async Task<VersionedModel> ModelAsync(string model) => (await _host.Operators.GetFromJsonAsync(
        VersionedModel.Path, ContractsJson.Default.IReadOnlyListVersionedModel))!.Single(one => one.Model == model);
}
