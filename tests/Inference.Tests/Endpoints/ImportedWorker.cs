using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Endpoints;

/// <summary>A real worker on a real socket that serves the models which a fixture imports.</summary>
/// <param name="settings">Further settings of the worker.</param>
public abstract class ImportedWorker(params string[] settings) : IAsyncLifetime
{
    private WebApplication? _app;

    /// <summary>Shows a gateway's bearer.</summary>
    public HttpClient Gateway { get; private set; } = null!;

    internal string Repository { get; } = TestFolder.Create("repository");

    /// <summary>How long an answer may take.</summary>
    protected virtual TimeSpan Patience => TimeSpan.FromSeconds(60);

    public async Task InitializeAsync()
    {
        var models = await ImportAsync();
        _app = InferenceApp.Create(WorkerFixture.Arguments(Repository, TestFolder.Create("worker"), settings));
        await _app.StartAsync();
        Gateway = WorkerFixture.Client(_app.Url(ListenerKind.Internal));
        Gateway.Timeout = Patience;
        foreach (var model in models)
        {
            await WorkerFixture.WaitForModelAsync(Gateway, model);
        }
    }

    public async Task DisposeAsync()
    {
        Gateway.Dispose();
        await _app!.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Sends a body of JSON as a gateway does.</summary>
    /// <param name="request">Names the request for the platform.</param>
    /// <param name="bound">What the gateway holds; null for no hold.</param>
    public async Task<HttpResponseMessage> SendAsync(
        string path, JsonNode body, Guid? request = null, string? bound = null, Guid? organization = null,
        HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        message.Headers.Add(WorkerHeaders.RequestId, (request ?? Guid.NewGuid()).ToString("N"));
        message.Headers.Add(WorkerHeaders.Attempt, "1");
        message.Headers.Add(WorkerHeaders.Organization, (organization ?? Guid.Empty).ToString("N"));
        if (bound is not null)
        {
            message.Headers.Add(WorkerHeaders.Bound, bound);
        }

        return await Gateway.SendAsync(message, completion);
    }

    /// <summary>What the worker's log holds of a request.</summary>
    public async Task<IReadOnlyList<WitnessEntry>> WitnessAsync(Guid request) =>
        [.. (await WorkerFixture.WitnessAsync(Gateway.BaseAddress!)).Entries.Where(entry => entry.RequestId == request)];

    /// <summary>Imports models into <see cref="Repository"/>; returns those that are waited for.</summary>
    protected abstract Task<IReadOnlyList<string>> ImportAsync();
}
