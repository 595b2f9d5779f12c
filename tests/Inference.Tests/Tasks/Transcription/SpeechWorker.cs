using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>A real worker that serves models of a repository, and sends forms to it.</summary>
internal sealed class SpeechWorker : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SpeechWorker(WebApplication app)
    {
        _app = app;
        Gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));
        Gateway.Timeout = Timeout.InfiniteTimeSpan;
    }

    public HttpClient Gateway { get; }

    public static async Task<SpeechWorker> StartAsync(string repository, string model)
    {
        var app = InferenceApp.Create(WorkerFixture.Arguments(repository, TestFolder.Create("worker")));
        await app.StartAsync();
        var worker = new SpeechWorker(app);
        await WorkerFixture.WaitForModelAsync(worker.Gateway, model);
        return worker;
    }

    /// <summary>Sends a recording.</summary>
    public async Task<HttpResponseMessage> PostAsync(
        byte[] file, string path = "/v1/audio/transcriptions", Guid? request = null, string? bound = null, Guid? organization = null,
        HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead, params IEnumerable<(string Name, string Value)> fields)
    {
        using var form = new MultipartFormDataContent { { new StringContent("tiny-whisper"), "model" } };
        form.Add(new ByteArrayContent(file), "file", "speech.wav");
        foreach (var (name, value) in fields)
        {
            form.Add(new StringContent(value), name);
        }

        using var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = form };
        message.Headers.Add(WorkerHeaders.RequestId, (request ?? Guid.NewGuid()).ToString("N"));
        if (bound is not null)
        {
            message.Headers.Add(WorkerHeaders.Bound, bound);
        }

        if (organization is { } served)
        {
            message.Headers.Add(WorkerHeaders.Organization, served.ToString("N"));
        }

        return await Gateway.SendAsync(message, completion);
    }

    public async Task<JsonNode> AskAsync(byte[] file, params (string Name, string Value)[] fields)
    {
        using var response = await PostAsync(file, fields: fields);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        Gateway.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
