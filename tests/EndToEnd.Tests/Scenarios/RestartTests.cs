using System.Net;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Stops and starts of the whole product, as its operator sees them.</summary>
[Collection(KillableTollgate.Name)]
public sealed class RestartTests(KillableTollgate killable) : IAsyncLifetime
{
    private RunningTollgate Running => killable.Running;

    public Task InitializeAsync() => killable.AliveAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task SIGTERM_lets_a_running_stream_end_and_the_next_start_keeps_all_data()
    {
        using var client = Running.Client();
        using var stream = await client.StreamAsync(Prompts.Completions, Prompts.Endless(stream: true));
        await stream.ReadTokensAsync(20);

        Running.Terminate();
        await stream.ReadToEndAsync();
        await Running.WaitForExitAsync(TimeSpan.FromSeconds(40));
        var printed = Running.Printed;
        await Running.StartAgainAsync();
        var row = await Running.Books.OneAsync(stream.RequestId);
        using var next = Running.Client();
        var answer = await next.PostAsync(Prompts.Chat, Prompts.France());

        Assert.True(stream.Ended, $"a drained stream ends with [DONE], not after {stream.Delivered} tokens with {stream.ErrorFrame}");
        Assert.Contains("draining 1 stream", printed, StringComparison.Ordinal);
        Assert.EndsWith("Stopped.\n", printed, StringComparison.Ordinal);
        Assert.Equal(stream.Delivered, row.Units.Completion);
        Assert.Equal(4 * 480, row.Units.Completion);
        Assert.Equal(HttpStatusCode.OK, answer.Status); // The key of the first start still works.
        Assert.DoesNotContain("sk-tg-", Running.Printed, StringComparison.Ordinal); // Shown once, at the first start.
    }

    [Fact]
    public async Task Ports_in_use_end_the_start_with_a_clear_error()
    {
        var port = new Uri(Running.Endpoints.Api).Port;

        var second = await ProgramRun.RunAsync(
            "dotnet",
            [OperatorCommands.Program, "up", "--data", TestFolder.Create("second"), "--api-port", $"{port}", "--portal-port",
                $"{LocalServers.FreePort.Next()}"]);

        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains($"{port}", second.Output + second.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Output + second.Error, StringComparison.Ordinal); // A sentence, not a stack.
    }

    [Fact]
    public async Task A_second_start_on_the_same_folder_is_refused_and_harms_nothing()
    {
        var second = await ProgramRun.RunAsync(
            "dotnet",
            [
                OperatorCommands.Program, "up", "--data", Running.Data, "--api-port", $"{LocalServers.FreePort.Next()}",
                "--portal-port", $"{LocalServers.FreePort.Next()}",
            ]);
        using var client = Running.Client();
        var answer = await client.PostAsync(Prompts.Chat, Prompts.France());

        Assert.NotEqual(0, second.ExitCode);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }
}
