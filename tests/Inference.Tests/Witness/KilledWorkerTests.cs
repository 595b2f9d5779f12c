using Tollgate.Contracts.Workers;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Witness;

public sealed class KilledWorkerTests
{
    [Fact]
    public async Task What_was_answered_is_in_the_log_after_a_kill_and_a_request_cut_off_is_not()
    {
        var (repository, data) = (TestFolder.Create("repository"), TestFolder.Create("worker"));
        await WorkerFixture.CopyModelsAsync(repository, "tiny-assistant");
        var (answered, cut) = (Guid.NewGuid(), Guid.NewGuid());
        WitnessPage before;
        using (var worker = await WorkerProcess.StartAsync(repository, data))
        {
            using var answer = await SendAsync(
                worker.Gateway, WorkerFixture.Chat("Hello!").ToJsonString(), answered, HttpCompletionOption.ResponseContentRead);
            answer.EnsureSuccessStatusCode();
            using var stream = await SendAsync(
                worker.Gateway, WorkerFixture.EndlessChat(450, stream: true, choices: 16).ToJsonString(), cut,
                HttpCompletionOption.ResponseHeadersRead);
            before = await WorkerFixture.WitnessAsync(worker.Gateway.BaseAddress!);
            await worker.KillAsync();
        }

        using var next = await WorkerProcess.StartAsync(repository, data);
        var page = await WorkerFixture.WitnessAsync(next.Gateway.BaseAddress!);

        Assert.Equal(before.LogId, page.LogId);
        var entry = Assert.Single(page.Entries);
        Assert.Equal((answered, 9L), (entry.RequestId, entry.Units.Output));
        await next.KillAsync();
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient gateway, string body, Guid request, HttpCompletionOption completion)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
        };
        message.Headers.Add(WorkerHeaders.RequestId, request.ToString("N"));
        return await gateway.SendAsync(message, completion);
    }
}
