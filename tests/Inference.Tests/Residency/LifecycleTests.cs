using System.Net;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Residency;

public sealed class LifecycleTests
{
    [Fact]
    public async Task A_model_that_appears_is_served_a_broken_one_is_shown_and_a_removed_one_leaves()
    {
        var repository = TestFolder.Create("repository");
        await using var app = InferenceApp.Create(WorkerFixture.Arguments(repository, TestFolder.Create("worker")));
        await app.StartAsync();
        using var gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));
        await Until.TrueAsync(async () => (await gateway.GetAsync("/health/ready")).IsSuccessStatusCode, "the worker is ready");
        Assert.Empty((await WorkerFixture.StatusAsync(gateway)).Models);

        await WorkerFixture.CopyModelsAsync(repository, "tiny-assistant");
        await WorkerFixture.WaitForModelAsync(gateway, "tiny-assistant");
        var broken = Path.Combine(repository, "broken");
        await WorkerFixture.CopyModelsAsync(repository, "tiny-embed");
        await WorkerFixture.WaitForModelAsync(gateway, "tiny-embed");
        Directory.CreateDirectory(Path.Combine(broken, "1"));
        await File.WriteAllTextAsync(Path.Combine(broken, "1", ModelManifest.FileName), "{ not json");
        Directory.Delete(Path.Combine(repository, "tiny-embed"), recursive: true);
        await Until.TrueAsync(
            async () =>
            (await WorkerFixture.StatusAsync(gateway)).Models.All(model => model.Card.Name == "tiny-assistant"), "the model has left");

        var status = await WorkerFixture.StatusAsync(gateway);
        Assert.Equal(("test", "cpu", false), (status.WorkerId, status.ExecutionProvider, status.Draining));
        Assert.Equal((512, 32), (status.Models[0].Card.ContextLength, status.Models[0].Slots));
        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/health/live")).StatusCode);
        await app.StopAsync();
    }

    [Fact]
    public async Task A_load_changes_neither_liveness_nor_the_readiness_of_the_worker_and_of_other_models()
    {
        var repository = TestFolder.Create("repository");
        await WorkerFixture.CopyModelsAsync(repository, "tiny-embed");
        var task = new GatedTask();
        await using var app = InferenceApp.Create(
            WorkerFixture.Arguments(repository, TestFolder.Create("worker")), [.. ModelTasks.All, task]);
        await app.StartAsync();
        using var gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));
        await Until.TrueAsync(async () => await StatusOfAsync(gateway, "ready") == HttpStatusCode.OK, "the worker is ready");

        await GatedTask.InstallAsync(repository, "slow");
        await Until.TrueAsync(async () => await StateOfAsync(gateway, "slow") == ModelState.Loading, "it is being loaded");

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.OK), (await StatusOfAsync(gateway, "live"), await StatusOfAsync(gateway, "ready")));
        Assert.Equal(ModelState.Ready, await StateOfAsync(gateway, "tiny-embed"));
        Assert.Equal(ModelState.Loading, await StateOfAsync(gateway, "slow"));
        task.Gate.SetResult();
        await WorkerFixture.WaitForModelAsync(gateway, "slow");
    }

    [Fact]
    public async Task A_worker_is_live_at_once_and_ready_when_the_loads_of_its_start_have_ended()
    {
        var repository = TestFolder.Create("repository");
        await GatedTask.InstallAsync(repository, "slow");
        var task = new GatedTask();
        await using var app = InferenceApp.Create(
            WorkerFixture.Arguments(repository, TestFolder.Create("worker")), [.. ModelTasks.All, task]);
        await app.StartAsync();
        using var gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));
        await Until.TrueAsync(async () => await StateOfAsync(gateway, "slow") == ModelState.Loading, "it is being loaded");

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable),
            (await StatusOfAsync(gateway, "live"), await StatusOfAsync(gateway, "ready")));
        Assert.False((await WorkerFixture.StatusAsync(gateway)).IsReading);
        task.Gate.SetResult();
        await Until.TrueAsync(async () => await StatusOfAsync(gateway, "ready") == HttpStatusCode.OK, "the worker is ready");
    }

    private static async Task<HttpStatusCode> StatusOfAsync(HttpClient gateway, string health) =>
        (await gateway.GetAsync($"/health/{health}")).StatusCode;

    private static async Task<ModelState?> StateOfAsync(HttpClient gateway, string model) =>
        (await WorkerFixture.StatusAsync(gateway)).Models.SingleOrDefault(served => served.Card.Name == model)?.State;

    [Fact]
    public async Task A_stop_lets_running_answers_end_and_takes_no_new_ones()
    {
        var repository = TestFolder.Create("repository");
        await WorkerFixture.CopyModelsAsync(repository, "tiny-assistant");
        await using var app = InferenceApp.Create(WorkerFixture.Arguments(repository, TestFolder.Create("worker")));
        await app.StartAsync();
        using var gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));
        await WorkerFixture.WaitForModelAsync(gateway, "tiny-assistant");
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(
                WorkerFixture.EndlessChat(400, stream: true, choices: 16).ToJsonString(), System.Text.Encoding.UTF8, "application/json"),
        };
        using var response = await gateway.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);

        var stopping = app.StopAsync();
        await Until.TrueAsync(async () => (await WorkerFixture.StatusAsync(gateway)).Draining, "the worker drains");
        using var refused = await gateway.PostAsync(
            "/v1/chat/completions",
            new StringContent(WorkerFixture.Chat("Hello!").ToJsonString(), System.Text.Encoding.UTF8, "application/json"));
        var events = await Event.ReadAllAsync(response);
        await stopping;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(("[DONE]", 16 * 400), (events[^1].Data, events[^1].Id));
    }
}
