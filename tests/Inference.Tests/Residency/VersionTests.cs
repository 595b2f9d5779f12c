using System.Net;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Residency;

/// <summary>Several versions of a model at one worker.</summary>
public sealed class VersionTests
{
    [Fact]
    public async Task Without_a_plan_the_newest_version_alone_is_in_memory_and_an_import_takes_over()
    {
        await using var worker = await VersionedWorker.StartAsync(null, [("m", "1")]);
        await worker.WaitForAsync("m", "1:Ready");

        await VersionedWorker.InstallAsync(worker.Repository, "m", "2");
        await worker.WaitForAsync("m", "1:Unloaded 2:Ready");

        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("m")).Status);
        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("m", "2")).Status);
        var (status, body) = await worker.EmbedAsync("m", "1");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, OpenAiError.ModelNotLoadedCode), (status, (string?)body["error"]!["code"]));
        Assert.Equal(HttpStatusCode.NotFound, (await worker.EmbedAsync("other")).Status);
    }

    [Fact]
    public async Task A_broken_newest_version_leaves_the_old_one_serving_and_says_why()
    {
        await using var worker = await VersionedWorker.StartAsync(null, [("m", "1"), ("n", "1")]);
        await worker.WaitForAsync("m", "1:Ready");

        await VersionedWorker.InstallAsync(worker.Repository, "m", "2", damaged: true);
        await worker.WaitForAsync("m", "1:Ready 2:Broken");

        var broken = (await worker.StatusAsync()).Single(model => model.State == ModelState.Broken);
        Assert.Contains("is not the one that was installed", broken.Error, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("m")).Status);
        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("n")).Status);
    }

    [Fact]
    public async Task A_plan_decides_which_versions_are_in_memory_and_outlives_Accounts()
    {
        await using var accounts = await CatalogueResponder.StartAsync(
            VersionedWorker.Plan("m", new PlannedVersion("1", 95), new PlannedVersion("2", 5)), new ModelPlan("n", Unloaded: true, []));
        await using var worker = await VersionedWorker.StartAsync(accounts.Url, [("m", "1"), ("m", "2"), ("m", "3"), ("n", "1")]);
        await worker.WaitForAsync("m", "1:Ready 2:Ready 3:Unloaded");
        await worker.WaitForAsync("n", "1:Unloaded");
        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("m", "1")).Status);
        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("m", "2")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await worker.EmbedAsync("n")).Status);

        accounts.Plan(
            VersionedWorker.Plan("m", new PlannedVersion("3", 1), new PlannedVersion("2", 0, ShadowPercent: 10), new("1", 0, Kept: true)),
            new ModelPlan("n", Unloaded: false, []));
        await worker.WaitForAsync("m", "1:Ready 2:Ready 3:Ready");
        await worker.WaitForAsync("n", "1:Ready");

        accounts.Plan(VersionedWorker.Plan("m", new PlannedVersion("3", 1)), new ModelPlan("n", Unloaded: true, []));
        await worker.WaitForAsync("m", "1:Unloaded 2:Unloaded 3:Ready");
        await worker.WaitForAsync("n", "1:Unloaded");
        await accounts.DisposeAsync();
        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("m")).Status);
    }

    [Fact]
    public async Task The_version_that_stands_in_is_in_memory_until_one_of_the_plan_is_installed()
    {
        var plan = VersionedWorker.Plan("m", new PlannedVersion("9", 1));
        await using var accounts = await CatalogueResponder.StartAsync(plan);
        await using var worker = await VersionedWorker.StartAsync(accounts.Url, [("m", "1"), ("m", "2")]);
        await worker.WaitForAsync("m", "1:Unloaded 2:Unloaded");

        accounts.Plan(plan with { StandIn = "2" });
        await worker.WaitForAsync("m", "1:Unloaded 2:Ready");
        await VersionedWorker.InstallAsync(worker.Repository, "m", "9");
        await worker.WaitForAsync("m", "1:Unloaded 2:Unloaded 9:Ready");
    }

    [Fact]
    public async Task A_model_that_is_loaded_again_while_its_last_answers_run_stays_in_memory_and_states_how_many_there_are()
    {
        await using var accounts = await CatalogueResponder.StartAsync();
        await using var worker = await VersionedWorker.StartAsync(accounts.Url, [("m", "1")]);
        await worker.WaitForAsync("m", "1:Ready");
        using var running = worker.Use("m");

        accounts.Plan(new ModelPlan("m", Unloaded: true, []));
        await worker.WaitForAsync("m", "1:Unloaded");
        var leaving = Assert.Single(await worker.StatusAsync()).Leaving;
        accounts.Plan();
        await worker.WaitForAsync("m", "1:Ready");
        accounts.Plan(new ModelPlan("m", Unloaded: true, []));
        await worker.WaitForAsync("m", "1:Unloaded");
        running.Dispose();

        Assert.Equal(1, leaving);
        await Until.TrueAsync(async () => Assert.Single(await worker.StatusAsync()).Leaving == 0, "it has left");
    }

    [Fact]
    public async Task A_version_whose_plan_is_served_elsewhere_stays_while_requests_come_and_then_leaves()
    {
        await using var accounts = await CatalogueResponder.StartAsync(VersionedWorker.Plan("m", new PlannedVersion("1", 1)));
        await using var worker = await VersionedWorker.StartAsync(accounts.Url, [("m", "1")]);
        await worker.WaitForAsync("m", "1:Ready");

        accounts.Plan(VersionedWorker.Plan("m", new PlannedVersion("2", 1)));
        for (var second = 0; second < 34; second++)
        {
            Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("m")).Status); // Another worker still loads version 2.
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        }

        await worker.WaitForAsync("m", "1:Unloaded");
    }

    [Fact]
    public async Task Versions_come_and_go_under_load_and_no_request_is_dropped()
    {
        await using var accounts = await CatalogueResponder.StartAsync(VersionedWorker.Plan("m", new PlannedVersion("1", 1)));
        await using var worker = await VersionedWorker.StartAsync(accounts.Url, [("m", "1"), ("m", "2"), ("m", "3")]);
        await worker.WaitForAsync("m", "1:Ready 2:Unloaded 3:Unloaded");
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 4).Select(async _ =>
        {
            var answers = new List<HttpStatusCode>();
            while (!stop.IsCancellationRequested)
            {
                answers.Add((await worker.EmbedAsync("m")).Status);
            }

            return answers;
        }).ToList();

        foreach (var version in new[] { "2", "3", "1", "3" })
        {
            accounts.Plan(VersionedWorker.Plan("m", new PlannedVersion(version, 1)));
            var states = Enumerable.Range(1, 3).Select(one => $"{one}:{($"{one}" == version ? "Ready" : "Unloaded")}");
            await worker.WaitForAsync("m", string.Join(' ', states));
        }

        await stop.CancelAsync();
        var all = (await Task.WhenAll(load)).SelectMany(answers => answers).ToList();
        Assert.True(all.Count > 20, $"{all.Count} answers are no load.");
        Assert.All(all, answer => Assert.Equal(HttpStatusCode.OK, answer));
    }

    [Fact]
    public async Task A_stream_keeps_its_version_in_memory_until_it_ends()
    {
        await using var accounts = await CatalogueResponder.StartAsync();
        await using var worker = await VersionedWorker.StartAsync(accounts.Url, []);
        await VersionedWorker.InstallAsync(worker.Repository, "tiny-assistant", "1", model: "tiny-assistant");
        await worker.WaitForAsync("tiny-assistant", "1:Ready");
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(
                WorkerFixture.EndlessChat(400, stream: true, choices: 8).ToJsonString(), System.Text.Encoding.UTF8, "application/json"),
        };
        using var response = await worker.Gateway.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);

        accounts.Plan(new ModelPlan("tiny-assistant", Unloaded: true, []));
        await worker.WaitForAsync("tiny-assistant", "1:Unloaded");
        var events = await Event.ReadAllAsync(response);

        Assert.Equal(("[DONE]", 8 * 400), (events[^1].Data, events[^1].Id));
    }

    [Fact]
    public async Task The_status_has_at_most_sixteen_versions_of_a_model_those_in_memory_first()
    {
        await using var accounts = await CatalogueResponder.StartAsync(VersionedWorker.Plan("m", new PlannedVersion("1", 1)));
        await using var worker = await VersionedWorker.StartAsync(
            accounts.Url, [.. Enumerable.Range(1, 20).Select(version => ("m", $"{version}"))]);

        await Until.TrueAsync(async () => (await worker.StatusAsync()).Any(model => model.Ready), "it serves", TimeSpan.FromSeconds(60));
        var stated = await worker.StatusAsync();

        Assert.Equal(
            ["1", .. Enumerable.Range(6, 15).Reverse().Select(version => $"{version}")], stated.Select(model => model.Card.Version));
    }

    [Fact]
    public async Task A_copy_of_a_request_is_computed_and_stands_in_no_log()
    {
        await using var worker = await VersionedWorker.StartAsync(null, [("m", "1")]);
        await worker.WaitForAsync("m", "1:Ready");

        var (copied, _) = await worker.EmbedAsync("m", "1", default, WorkerHeaders.Shadow);
        var (asked, _) = await worker.EmbedAsync("m", "1");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (copied, asked));
        Assert.Single((await WorkerFixture.WitnessAsync(worker.Gateway.BaseAddress!, 0)).Entries);
    }
}
