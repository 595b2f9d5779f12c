using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Catalogue;

/// <summary>A gateway, workers with versions of tiny-assistant, and plans of it.</summary>
internal sealed class VersionsUnderTest(GatewayUnderTest gateway, TestKey key) : IAsyncDisposable
{
    public const string Chat = """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]}""";

    private static readonly Units Used = new(5, Output: 2);

    public GatewayUnderTest Gateway => gateway;

    public TestKey Key => key;

    public ScriptedWorker Worker => gateway.Worker;

    /// <summary>What workers got of requests of clients, and of copies.</summary>
    public IEnumerable<(string? Version, bool IsCopy)> Calls => gateway.Workers.SelectMany(worker => worker.Calls)
        .Select(call => (call.HeaderOf(WorkerHeaders.Version), call.HeaderOf(WorkerHeaders.Shadow) == "1"));

    public static async Task<VersionsUnderTest> StartAsync(int workers, string[] settings, params (string, ModelState)[] versions)
    {
        var gateway = await GatewayUnderTest.StartAsync(workers, settings);
        var started = new VersionsUnderTest(gateway, await gateway.CreateKeyAsync(key => key with { Limits = Limits.None }));
        foreach (var worker in gateway.Workers)
        {
            worker.Script = call => call.AnswerAsync("{}", Used);
            await started.ShowAsync(worker, versions);
        }

        return started;
    }

    public static Task<VersionsUnderTest> StartAsync(params (string, ModelState)[] versions) => StartAsync(1, [], versions);

    /// <summary>A worker states these versions from now on; ends when the gateway knows.</summary>
    public async Task ShowAsync(ScriptedWorker worker, params (string Version, ModelState State)[] versions)
    {
        worker.Status = ScriptedWorker.StatusOf($"worker-{Guid.NewGuid():N}", versions);
        await Until.TrueAsync(
            () => gateway.Pool.Workers.Any(one => one.Status?.WorkerId == worker.Status.WorkerId), "the gateway knows the versions");
    }

    /// <summary>Publishes a plan of tiny-assistant, and waits until the gateway goes by it.</summary>
    public async Task PlanAsync(ModelPlan plan)
    {
        gateway.Plane.Catalogue.Publish(new CatalogueSnapshot(new Dictionary<string, string>(), []) { Plans = [plan] });
        var catalogue = gateway.App.Services.GetRequiredService<AliasCatalogue>();
        await Until.TrueAsync(
            () => catalogue.PlanOf(plan.Model) is { } known && known.Unloaded == plan.Unloaded
                && known.Versions.SequenceEqual(plan.Versions),
            "the gateway has the plan");
    }

    public Task PlanAsync(params PlannedVersion[] versions) => PlanAsync(new ModelPlan("tiny-assistant", Unloaded: false, versions));

    public async Task<HttpResponseMessage> AskAsync(string json = Chat) => await gateway.PostAsync(key, "/v1/chat/completions", json);

    /// <summary>Asks so many times, and returns the statuses.</summary>
    public async Task<IReadOnlyList<HttpStatusCode>> AskAsync(int times)
    {
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < times; i++)
        {
            using var response = await AskAsync();
            statuses.Add(response.StatusCode);
        }

        return statuses;
    }

    public ValueTask DisposeAsync() => gateway.DisposeAsync();
}
