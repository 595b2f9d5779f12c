using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks;

/// <summary>A worker serves a task that only the table of tasks names.</summary>
public sealed class AddedTaskTests : IAsyncLifetime
{
    private readonly string _repository = TestFolder.Create("repository");
    private WebApplication? _app;
    private HttpClient? _gateway;

    public async Task InitializeAsync()
    {
        using var draft = new ModelStore(_repository).Begin("counter");
        await draft.InstallAsync((version, files) => new ModelManifest
        {
            Name = "counter",
            Version = version,
            Task = "word-counts",
            Source = new ModelSource("none", "none", ""),
            Created = DateTimeOffset.UnixEpoch,
            Files = files,
            Graph = "none",
            Limits = new ModelLimits(100, 0),
        }, CancellationToken.None);
        _app = InferenceApp.Create(
            WorkerFixture.Arguments(_repository, TestFolder.Create("worker")), [.. ModelTasks.All, new WordCountTask()]);
        await _app.StartAsync();
        _gateway = WorkerFixture.Client(_app.Url(ListenerKind.Internal));
        await WorkerFixture.WaitForModelAsync(_gateway, "counter");
    }

    [Fact]
    public async Task Its_model_is_shown_and_its_answer_is_metered_and_witnessed()
    {
        var request = Guid.NewGuid();

        using var response = await SendAsync("counter", request, bound: "4,0,0,0,0,0");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(4, (int)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["words"]!);
        Assert.Equal(new Units(4).ToString(), response.Headers.GetValues(Units.Header).Single()); // "a", "toll", "gate", "here"
        var entry = Assert.Single((await WorkerFixture.WitnessAsync(_gateway!.BaseAddress!)).Entries);
        Assert.Equal((request, "counter", new Units(4)), (entry.RequestId, entry.Model, entry.Units));
        Assert.Equal("word-counts", Assert.Single((await WorkerFixture.StatusAsync(_gateway)).Models).Card.Task);
    }

    [Fact]
    public async Task It_reads_a_file_of_a_form_that_is_larger_than_other_bodies()
    {
        var text = string.Join(' ', Enumerable.Repeat("gate", 1_100_000)); // 5.5 MB
        using var form = new MultipartFormDataContent
        {
            { new StringContent("counter"), "model" }, { new StringContent(text), "file", "text.txt" },
        };

        using var response = await _gateway!.PostAsync("/v1/word-counts", form);
        using var cut = new ByteArrayContent((await form.ReadAsByteArrayAsync())[..1000]);
        cut.Headers.ContentType = form.Headers.ContentType;
        using var refused = await _gateway.PostAsync("/v1/word-counts", cut);

        Assert.Equal(new Units(1_100_000).ToString(), response.Headers.GetValues(Units.Header).Single());
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task A_request_above_its_hold_is_refused_and_leaves_nothing_in_the_log()
    {
        using var response = await SendAsync("counter", Guid.NewGuid(), bound: "3,0,0,0,0,0");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty((await WorkerFixture.WitnessAsync(_gateway!.BaseAddress!)).Entries);
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_not_found()
    {
        using var response = await SendAsync("other", Guid.NewGuid(), bound: "4,0,0,0,0,0");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task A_worker_without_the_task_shows_the_model_as_not_ready()
    {
        await using var app = InferenceApp.Create(WorkerFixture.Arguments(_repository, TestFolder.Create("worker")));
        await app.StartAsync();
        using var gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));

        await Until.TrueAsync(async () => (await WorkerFixture.StatusAsync(gateway)).Models.Count > 0, "the model is shown");

        var shown = Assert.Single((await WorkerFixture.StatusAsync(gateway)).Models);
        Assert.Equal(("counter", "word-counts", false), (shown.Card.Name, shown.Card.Task, shown.Ready));
        await app.StopAsync();
    }

    public async Task DisposeAsync()
    {
        _gateway?.Dispose();
        await _app!.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task<HttpResponseMessage> SendAsync(string model, Guid request, string bound)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/word-counts")
        {
            Content = new StringContent(
                new JsonObject { ["model"] = model, ["text"] = "a toll gate here" }.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        message.Headers.Add(WorkerHeaders.RequestId, request.ToString("N"));
        message.Headers.Add(WorkerHeaders.Bound, bound);
        return await _gateway!.SendAsync(message);
    }
}
