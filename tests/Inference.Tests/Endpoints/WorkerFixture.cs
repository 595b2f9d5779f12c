using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Tests.Models;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Endpoints;

/// <summary>A real worker on a real socket with the default models, and a gateway's bearer to call it with.</summary>
public sealed class WorkerFixture : IAsyncLifetime
{
    private static readonly Lazy<Task<string>> InstalledModels = new(InstallAsync);
    private WebApplication? _app;

    /// <summary>The repository of this worker; a copy of its own.</summary>
    public string Repository { get; } = TestFolder.Create("repository");

    public string Data { get; } = TestFolder.Create("worker");

    public HttpClient Gateway { get; private set; } = null!;

    public static string[] Arguments(string repository, string data, params string[] more) =>
    [
        "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("inference"), "--Worker:Id=test",
        $"--Worker:DataDirectory={data}",
        $"--Models:Directory={repository}", "--Models:ScanInterval=00:00:00.050", "--Execution:Provider=cpu", .. more,
    ];

    /// <summary>A client that shows the bearer of <paramref name="caller"/>.</summary>
    public static HttpClient Client(string url, string caller = "gateway")
    {
        var handler = new SocketsHttpHandler { MaxResponseDrainSize = 0 }; // Leaving a stream closes its connection.
        var client = new HttpClient(handler) { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = TestBearers.Header(caller, "inference");
        return client;
    }

    /// <summary>The default models, imported once in this process, into a repository of the caller's own.</summary>
    public static async Task CopyModelsAsync(string repository, params string[] names)
    {
        var source = await InstalledModels.Value;
        foreach (var name in names)
        {
            var draft = Path.Combine(repository, $".copy-{name}"); // A model appears whole, as the importer makes it appear.
            foreach (var file in Directory.EnumerateFiles(Path.Combine(source, name), "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(draft, Path.GetRelativePath(Path.Combine(source, name), file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }

            Directory.Move(draft, Path.Combine(repository, name));
        }
    }

    public static Task<WorkerStatus> StatusAsync(HttpClient gateway) =>
        gateway.GetFromJsonAsync("/internal/status", ContractsJson.Default.WorkerStatus)!;

    public static Task WaitForModelAsync(HttpClient gateway, string name) => Until.TrueAsync(
        async () => (await StatusAsync(gateway)).Models.Any(model => model.Card.Name == name && model.Ready), $"{name} is served",
        TimeSpan.FromMinutes(3)); // The first one is imported meanwhile.

    public async Task InitializeAsync()
    {
        await CopyModelsAsync(Repository, "tiny-assistant", "tiny-embed", "tiny-sentiment");
        _app = InferenceApp.Create(Arguments(Repository, Data));
        await _app.StartAsync();
        Gateway = Client(_app.Url(ListenerKind.Internal));
        await WaitForModelAsync(Gateway, "tiny-assistant");
        await WaitForModelAsync(Gateway, "tiny-embed");
        await WaitForModelAsync(Gateway, "tiny-sentiment");
    }

    public async Task DisposeAsync()
    {
        Gateway.Dispose();
        await _app!.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Sends a body; <paramref name="request"/> names the request for the platform.</summary>
    public async Task<HttpResponseMessage> PostAsync(
        string path, JsonNode body, Guid? request = null, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead,
        Guid? organization = null, CancellationToken cancellationToken = default)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        message.Headers.Add(WorkerHeaders.RequestId, (request ?? Guid.NewGuid()).ToString("N"));
        message.Headers.Add(WorkerHeaders.Attempt, "1");
        if (organization is { } sender)
        {
            message.Headers.Add(WorkerHeaders.Organization, sender.ToString("N"));
        }

        return await Gateway.SendAsync(message, completion, cancellationToken);
    }

    public async Task<Cancelled> CancelAsync(Guid request)
    {
        using var response = await Gateway.PostAsync($"/internal/requests/{request:N}/cancel", content: null);
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.Cancelled))!;
    }

    public Task<WitnessPage> WitnessAsync(long after = 0) => WitnessAsync(Gateway.BaseAddress!, after);

    /// <summary>A worker's log behind a place, all pages, read as the operator.</summary>
    public static async Task<WitnessPage> WitnessAsync(Uri worker, long after = 0)
    {
        using var client = Client(worker.AbsoluteUri, "operator");
        var entries = new List<WitnessEntry>();
        while (true)
        {
            var page = (await client.GetFromJsonAsync($"/internal/witness?after={after}", ContractsJson.Default.WitnessPage))!;
            entries.AddRange(page.Entries);
            if (page.Entries.Count == 0)
            {
                return page with { Entries = entries };
            }

            after = page.Next;
        }
    }

    /// <summary>The body of a chat with one question.</summary>
    public static JsonObject Chat(string question, params (string Name, JsonNode? Value)[] members)
    {
        var body = new JsonObject
        {
            ["model"] = "tiny-assistant",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }),
            ["temperature"] = 0,
        };
        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        return body;
    }

    /// <summary>A chat that does not end before its cap; with several choices a slow one.</summary>
    public static JsonObject EndlessChat(int tokens, bool stream, int choices = 1) => Chat(
        "Tell me a story.", ("max_tokens", tokens), ("stream", stream), ("n", choices),
        ("logit_bias", new JsonObject { ["0"] = -100, ["2"] = -100 }));

    private static async Task<string> InstallAsync()
    {
        var repository = TestFolder.Create("installed");
        await using var app = InferenceApp.Create(
            Arguments(repository, TestFolder.Create("installer"), $"--Models:Defaults={ModelFiles.Defaults}"));
        await app.StartAsync();
        using var gateway = Client(app.Url(ListenerKind.Internal));
        await WaitForModelAsync(gateway, "tiny-assistant");
        await WaitForModelAsync(gateway, "tiny-embed");
        await WaitForModelAsync(gateway, "tiny-sentiment");
        await app.StopAsync();
        return repository;
    }
}

[CollectionDefinition(nameof(WorkerFixture))]
public sealed class WorkerCollection : ICollectionFixture<WorkerFixture>;
