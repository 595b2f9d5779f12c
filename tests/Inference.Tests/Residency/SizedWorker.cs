using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Tasks;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Residency;

/// <summary>A real worker with room for two of the models a, b and c, which state sizes that no other memory of the tests comes near.
/// </summary>
internal sealed class SizedWorker : IAsyncDisposable
{
    private const long Size = 1L << 40;

    private readonly WebApplication _app;
    private readonly HttpClient _gateway;

    private SizedWorker(WebApplication app) => (_app, _gateway) = (app, WorkerFixture.Client(app.Url(ListenerKind.Internal)));

    private IServedModels Models => _app.Services.GetRequiredService<IServedModels>();

    /// <summary>Starts it, with a and b in memory.</summary>
    public static async Task<SizedWorker> StartAsync(params string[] settings)
    {
        var repository = TestFolder.Create("repository");
        string[] names = ["a", "b", "c"];
        foreach (var name in names)
        {
            await InstallAsync(repository, name);
        }

        var app = InferenceApp.Create(
            WorkerFixture.Arguments(repository, TestFolder.Create("worker"), [$"--Models:MemoryBytes={Size * 5 / 2}", .. settings]),
            [.. ModelTasks.All, new WordCountTask()]);
        await app.StartAsync();
        var worker = new SizedWorker(app);
        await Until.TrueAsync(() => worker.Models.Scanned, "the worker has begun"); // Any two of them are in memory.
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await worker.AskAsync("a"), await worker.AskAsync("b")));
        Assert.Equal([ModelState.Ready, ModelState.Ready, ModelState.Idle], names.Select(name => worker.StateOf(name)!.Value));
        return worker;
    }

    /// <summary>Uses a model until disposal, as a long answer does. Loads it as a request does; null where that would be refused.</summary>
    public async Task<IDisposable?> UseAsync(string model)
    {
        var found = Models.Open();
        if (found.Find(model) is null && !(await found.TryLoadAsync(CancellationToken.None) && found.Find(model) is not null))
        {
            found.Dispose();
            return null;
        }

        return found;
    }

    public ModelState? StateOf(string model) => Models.Status().SingleOrDefault(served => served.Card.Name == model)?.State;

    public async Task<HttpStatusCode> AskAsync(string model)
    {
        using var content = new StringContent($$"""{"model":"{{model}}","text":"one two"}""", Encoding.UTF8, "application/json");
        using var response = await _gateway.PostAsync("/v1/word-counts", content);
        return response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        _gateway.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static async Task InstallAsync(string repository, string name)
    {
        using var draft = new ModelStore(repository).Begin(name);
        await draft.InstallAsync((version, _) => new ModelManifest
        {
            Name = name,
            Version = version,
            Task = "word-counts",
            Source = new ModelSource("none", "none", ""),
            Created = DateTimeOffset.UnixEpoch,
            Files = [new ModelFile("weights", "", Size)],
            Graph = "none",
            Limits = new ModelLimits(100, 0),
        }, CancellationToken.None);
    }
}
