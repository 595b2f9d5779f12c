using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;

namespace Tollgate.Learning.Tests.Deployments;

/// <summary>A gateway's list of workers: one worker, with the models that a test gives it.</summary>
internal sealed class FleetDoor : IAsyncDisposable
{
    private readonly WebApplication _app;
    private ImmutableDictionary<string, (ModelOwner Owner, bool Ready)> _models = ImmutableDictionary<string, (ModelOwner, bool)>.Empty;

    private FleetDoor(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    public static async Task<FleetDoor> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var door = new FleetDoor(builder.Build());
        door._app.MapGet("/internal/fleet", () => TypedResults.Json(door.Fleet(), ContractsJson.Default.Fleet));
        await door._app.StartAsync();
        return door;
    }

    /// <summary>The worker shows a model from now on.</summary>
    public void Show(string model, ModelOwner owner, bool ready = true) => _models = _models.SetItem(model, (owner, ready));

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private Fleet Fleet() => new(
        DateTimeOffset.UnixEpoch,
        [
            new FleetWorker("http://worker", Healthy: true, new WorkerStatus(
                "worker", "1", "cpu", Draining: false, DateTimeOffset.UnixEpoch,
                [.. _models.Select(model => new ServedModel(
                    new ModelCard
                    {
                        Name = model.Key, Version = "1", Task = "classification", ContextLength = 64, DefaultMaxOutput = 0,
                        Owner = model.Value.Owner,
                    },
                    model.Value.Ready, 0, 0, 0))])),
        ]);
}
