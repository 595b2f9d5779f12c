using System.Diagnostics;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.LocalServers;
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
        using (var worker = await StartAsync(repository, data))
        {
            using var answer = await SendAsync(
                worker.Gateway, WorkerFixture.Chat("Hello!").ToJsonString(), answered, HttpCompletionOption.ResponseContentRead);
            answer.EnsureSuccessStatusCode();
            using var stream = await SendAsync(
                worker.Gateway, WorkerFixture.EndlessChat(450, stream: true, choices: 16).ToJsonString(), cut,
                HttpCompletionOption.ResponseHeadersRead);
            before = await WorkerFixture.WitnessAsync(worker.Gateway.BaseAddress!);
            worker.Process.Kill();
            await worker.Process.WaitForExitAsync();
        }

        using var next = await StartAsync(repository, data);
        var page = await WorkerFixture.WitnessAsync(next.Gateway.BaseAddress!);

        Assert.Equal(before.LogId, page.LogId);
        var entry = Assert.Single(page.Entries);
        Assert.Equal((answered, 9L), (entry.RequestId, entry.Units.Output));
        next.Process.Kill();
        await next.Process.WaitForExitAsync();
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

    private static async Task<Running> StartAsync(string repository, string data)
    {
        var port = FreePort.Next();
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(InferenceApp).Assembly.Location);
        foreach (var argument in WorkerFixture.Arguments(repository, data))
        {
            start.ArgumentList.Add(argument.Replace("127.0.0.1:0", $"127.0.0.1:{port}", StringComparison.Ordinal));
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var gateway = WorkerFixture.Client($"http://127.0.0.1:{port}");
        await Until.TrueAsync(async () => await IsServedAsync(gateway), "the worker serves", TimeSpan.FromSeconds(60));
        return new Running(process, gateway);
    }

    private static async Task<bool> IsServedAsync(HttpClient gateway)
    {
        try
        {
            return (await WorkerFixture.StatusAsync(gateway)).Models.Any(model => model.Ready);
        }
        catch (HttpRequestException)
        {
            return false; // Not listening yet.
        }
    }

    private sealed record Running(Process Process, HttpClient Gateway) : IDisposable
    {
        public void Dispose()
        {
            Gateway.Dispose();
            if (!Process.HasExited)
            {
                Process.Kill();
            }

            Process.Dispose();
        }
    }
}
