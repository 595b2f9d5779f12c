using System.Net;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The operator's <c>workers</c> verbs on a running system, whose worker has registered itself.</summary>
[Collection(KillableTollgate.Name)]
public sealed class WorkerCommandTests(KillableTollgate killable)
{
    [Fact]
    public async Task A_drained_worker_gets_no_requests_until_it_is_undrained()
    {
        var running = await killable.AliveAsync();
        using var client = running.Client();

        var before = (await running.Commands.RunAsync("workers", "list")).Succeeded();
        (await running.Commands.RunAsync("workers", "drain", "worker-1")).Succeeded();
        await AnswersAsync(client, HttpStatusCode.ServiceUnavailable);
        var drained = (await running.Commands.RunAsync("workers", "list")).Succeeded();
        (await running.Commands.RunAsync("workers", "undrain", "worker-1")).Succeeded();
        await AnswersAsync(client, HttpStatusCode.OK);
        var unknown = await running.Commands.RunAsync("workers", "drain", "worker-9");

        Assert.Matches(@"worker-1 +ready .*tiny-assistant +\d+ of 32 ", before);
        Assert.Matches(@"worker-1 +ready .*tiny-embed +\d+ +0 ", before); // An encoder has no slots.
        Assert.Matches(@"worker-1 +draining ", drained);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("No worker has registered as worker-9", unknown.Error, StringComparison.Ordinal);
    }

    private static Task AnswersAsync(ApiClient client, HttpStatusCode status) => Until.TrueAsync(
        async () => (await client.PostAsync(Prompts.Chat, Prompts.France())).Status == status, $"it answers {status}",
        TimeSpan.FromSeconds(30));
}
