using System.Net;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Inference.Import;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>What a person does in the first minute: paste what the start printed, and look for it in the books and on the pages.</summary>
[Collection(SharedTollgate.Name)]
public sealed class FirstAnswerTests(SharedTollgate shared)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    [Fact]
    public void The_very_first_call_after_the_start_said_ready_is_answered() =>
        Assert.True(shared.FirstAnswer.Status == HttpStatusCode.OK, $"{shared.FirstAnswer.Status}: {shared.FirstAnswer.Body}");

    [Fact]
    public void Every_default_model_could_be_called_when_the_start_said_ready() => Assert.Subset(
        shared.FirstModels.ToHashSet(), DefaultCatalogue.Names(Path.Combine(SharedFiles.Repository, "models")).ToHashSet());

    [Fact]
    public void The_first_organization_has_limits_so_that_its_answers_show_them()
    {
        Assert.Equal("10000", shared.FirstAnswer.Header("x-ratelimit-limit-requests"));
        Assert.Equal("10000000", shared.FirstAnswer.Header("x-ratelimit-limit-tokens"));
        Assert.NotNull(shared.FirstAnswer.Header("x-ratelimit-remaining-tokens"));
    }

    [Fact]
    public async Task The_printed_curl_streams_an_answer()
    {
        var printed = shared.Running.Printed;

        var run = await ProgramRun.RunAsync("bash", ["-c", Curl(printed)]);
        var events = run.Succeeded().Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).ToList();

        Assert.True(events.Count > 4, run.Output + run.Error);
        Assert.Equal("data: [DONE]", events[^1]);
        Assert.Contains($"API {shared.Running.Endpoints.ApiBase}", printed, StringComparison.Ordinal);
        Assert.Contains($"Portal {shared.Running.Endpoints.Portal}", printed, StringComparison.Ordinal);
        Assert.Contains($"Key {shared.Running.FirstKey}", printed, StringComparison.Ordinal);
        Assert.Contains($"Admin {shared.Running.FirstAdmin.Email} {shared.Running.FirstAdmin.Password}", printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_is_on_the_usage_and_the_admin_page_within_five_seconds()
    {
        var running = shared.Running;
        using var portal = await PortalSession.SignInAsync(running.Endpoints.Portal, running.FirstAdmin);
        using var client = running.Client();
        var earlier = await client.PostAsync(Prompts.Chat, Prompts.France());
        await running.Books.OneAsync(earlier.RequestId); // Whatever came before it is booked too and does not count from here on.
        var usageBefore = await portal.RequestsOnUsagePageAsync();
        var adminBefore = await portal.RequestsOnAdminPageAsync();

        using var stream = await client.StreamAsync(Prompts.Chat, new
        {
            model = "tiny-assistant",
            messages = new[] { new { role = "user", content = "What is the capital of France?" } },
            stream = true,
            stream_options = new { include_usage = true },
        });
        await stream.ReadToEndAsync();
        await Until.TrueAsync(async () => await portal.RequestsOnUsagePageAsync() == usageBefore + 1, "the usage page shows it", Soon);
        await Until.TrueAsync(async () => await portal.RequestsOnAdminPageAsync() == adminBefore + 1, "the admin page shows it", Soon);
        var row = await running.Books.OneAsync(stream.RequestId);

        Assert.Equal(stream.Usage, new AnswerUsage(row.Units.Prompt, row.Units.Completion));
        Assert.Equal( // The list price.
            ((row.Units.Input * 0.50m) + (row.Units.Cached * 0.05m) + (row.Units.Completion * 1.50m)) / 1_000_000, row.Amount);
        await running.Books.AssertAgreeAsync();
    }

    /// <summary>The command as it stands in the output, over its continued lines.</summary>
    private static string Curl(string printed)
    {
        var lines = printed.Split('\n').SkipWhile(line => !line.TrimStart().StartsWith("curl ", StringComparison.Ordinal)).ToList();
        var last = lines.FindIndex(line => !line.TrimEnd().EndsWith('\\'));
        return string.Join('\n', lines.Take(last + 1));
    }
}
