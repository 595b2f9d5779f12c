using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Residency;

/// <summary>A real worker that follows plans, with a repository whose versions a test makes.</summary>
internal sealed class VersionedWorker : IAsyncDisposable
{
    private readonly WebApplication _app;

    private VersionedWorker(string repository, WebApplication app)
    {
        (Repository, _app) = (repository, app);
        Gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));
    }

    public string Repository { get; }

    public HttpClient Gateway { get; }

    /// <summary>Starts a worker with copies of tiny-embed as versions of models of that name.</summary>
    /// <param name="accounts">Address of Accounts; null for none.</param>
    public static async Task<VersionedWorker> StartAsync(
        string? accounts, IReadOnlyList<(string Name, string Version)> installed, params string[] more)
    {
        var repository = TestFolder.Create("repository");
        foreach (var (name, version) in installed)
        {
            await InstallAsync(repository, name, version);
        }

        var app = InferenceApp.Create(WorkerFixture.Arguments(
            repository, TestFolder.Create("worker"), [.. more, .. accounts is null ? [] : new[] { $"--Services:accounts={accounts}" }]));
        await app.StartAsync();
        return new VersionedWorker(repository, app);
    }

    /// <summary>Installs a copy of a default model whole, as the importer does.</summary>
    /// <param name="damaged">Whether one of its files is another one than its manifest states.</param>
    public static async Task InstallAsync(
        string repository, string name, string version, bool damaged = false, string model = "tiny-embed")
    {
        var source = TestFolder.Create("source");
        await WorkerFixture.CopyModelsAsync(source, model);
        var folder = Path.Combine(source, model, "1");
        var manifest = Path.Combine(folder, ModelManifest.FileName);
        var json = JsonNode.Parse(await File.ReadAllTextAsync(manifest))!;
        (json["name"], json["version"]) = (name, version);
        await File.WriteAllTextAsync(manifest, json.ToJsonString());
        if (damaged)
        {
            await File.AppendAllTextAsync(Path.Combine(folder, (string)json["graph"]!), "?");
        }

        Directory.CreateDirectory(Path.Combine(repository, name));
        Directory.Move(folder, Path.Combine(repository, name, version));
    }

    public async Task<IReadOnlyList<ServedModel>> StatusAsync() => (await WorkerFixture.StatusAsync(Gateway)).Models;

    public async Task<string> StateAsync(string name) => string.Join(
        ' ', (await StatusAsync()).Where(model => model.Card.Name == name).OrderBy(model => model.Card.Version)
            .Select(model => $"{model.Card.Version}:{model.State}"));

    public Task WaitForAsync(string name, string states) =>
        Until.TrueAsync(async () => await StateAsync(name) == states, $"{name} {states}", TimeSpan.FromSeconds(60));

    /// <summary>Asks for a vector; returns the status and the body.</summary>
    public async Task<(HttpStatusCode Status, JsonNode Body)> EmbedAsync(
        string model, string? version = null, CancellationToken cancellationToken = default, params string[] headers)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/embeddings")
        {
            Content = new StringContent($$"""{"model":"{{model}}","input":"Hello!"}""", Encoding.UTF8, "application/json"),
        };
        message.Headers.Add(WorkerHeaders.RequestId, Guid.NewGuid().ToString("N"));
        if (version is not null)
        {
            message.Headers.Add(WorkerHeaders.Version, version);
        }

        foreach (var header in headers)
        {
            message.Headers.Add(header, "1");
        }

        using var response = await Gateway.SendAsync(message, cancellationToken);
        return (response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!);
    }

    /// <summary>Uses a model that is in memory until disposal, as a long answer does.</summary>
    public IDisposable Use(string model)
    {
        var found = _app.Services.GetRequiredService<IServedModels>().Open();
        Assert.NotNull(found.Find(model));
        return found;
    }

    public async ValueTask DisposeAsync()
    {
        Gateway.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>A plan with these versions.</summary>
    public static ModelPlan Plan(string model, params PlannedVersion[] versions) => new(model, Unloaded: false, versions);
}
