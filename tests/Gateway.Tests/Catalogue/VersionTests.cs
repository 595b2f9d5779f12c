using System.Net;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Calls;

namespace Tollgate.Gateway.Tests.Catalogue;

/// <summary>Which version of a model answers.</summary>
public sealed class VersionTests
{
    [Fact]
    public async Task Requests_are_shared_by_the_weights_of_the_plan()
    {
        await using var bench = await VersionsUnderTest.StartAsync(("1", ModelState.Ready), ("2", ModelState.Ready));
        await bench.PlanAsync(new PlannedVersion("1", 75), new PlannedVersion("2", 25));

        var answers = await bench.AskAsync(400);

        Assert.All(answers, status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.InRange(bench.Calls.Count(call => call.Version == "2"), 61, 139); // 100, 4.5 standard deviations of 8.66 around it.
        Assert.Equal(400, bench.Calls.Count(call => call.Version is "1" or "2"));
    }

    [Fact]
    public async Task The_answer_and_the_usage_row_name_the_version()
    {
        await using var bench = await VersionsUnderTest.StartAsync(("1", ModelState.Ready), ("2", ModelState.Ready));
        await bench.PlanAsync(new PlannedVersion("1", 1));

        using var response = await bench.AskAsync();

        Assert.Equal(["1"], response.Headers.GetValues("x-tollgate-model-version"));
        var row = await bench.Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal(("tiny-assistant", "1"), (row.Model, row.ModelVersion));
    }

    [Fact]
    public async Task Without_a_plan_the_newest_version_in_memory_answers()
    {
        await using var bench = await VersionsUnderTest.StartAsync(
            ("9", ModelState.Ready), ("10", ModelState.Ready), ("11", ModelState.Broken), ("12", ModelState.Idle));

        await bench.AskAsync(3);
        Assert.All(bench.Calls, call => Assert.Equal("10", call.Version));

        await bench.ShowAsync(bench.Worker, ("9", ModelState.Unloaded), ("12", ModelState.Idle));
        await bench.AskAsync(1);
        Assert.Equal("12", bench.Calls.Last().Version);
    }

    [Fact]
    public async Task A_version_that_no_worker_has_is_replaced_by_another_one_of_the_plan()
    {
        await using var bench = await VersionsUnderTest.StartAsync(
            ("1", ModelState.Ready), ("2", ModelState.Broken), ("3", ModelState.Ready));
        await bench.PlanAsync(new PlannedVersion("1", 0, Kept: true), new PlannedVersion("2", 100));

        Assert.Equal([HttpStatusCode.OK], await bench.AskAsync(1));
        Assert.Equal("1", bench.Calls.Last().Version);

        await bench.PlanAsync(new PlannedVersion("2", 100)); // A switch to it fails no request while nothing else is planned.
        Assert.Equal([HttpStatusCode.OK], await bench.AskAsync(1));
        Assert.Equal("3", bench.Calls.Last().Version);

        await bench.ShowAsync(bench.Worker, ("2", ModelState.Broken));
        using var response = await bench.AskAsync();
        await ErrorTests.AssertErrorAsync(response, 503, "model_unavailable");
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task The_version_that_stands_in_answers_only_while_no_worker_has_one_of_the_plan()
    {
        await using var bench = await VersionsUnderTest.StartAsync(("2", ModelState.Ready), ("3", ModelState.Idle));
        await bench.PlanAsync(new ModelPlan("tiny-assistant", Unloaded: false, [new PlannedVersion("1", 100)]) { StandIn = "3" });

        await bench.AskAsync(3);
        Assert.All(bench.Calls, call => Assert.Equal("3", call.Version));

        await bench.ShowAsync(bench.Worker, ("1", ModelState.Ready), ("3", ModelState.Ready));
        await bench.AskAsync(1);
        Assert.Equal("1", bench.Calls.Last().Version);
    }

    [Fact]
    public async Task An_unloaded_model_is_refused_without_a_time_to_retry()
    {
        await using var bench = await VersionsUnderTest.StartAsync(("1", ModelState.Ready));
        await bench.PlanAsync(new ModelPlan("tiny-assistant", Unloaded: true, []));

        using var response = await bench.AskAsync();

        await ErrorTests.AssertErrorAsync(response, 503, "model_unloaded");
        Assert.Null(response.Headers.RetryAfter);
        Assert.Empty(bench.Worker.Calls);
    }

    [Fact]
    public async Task A_worker_that_must_load_the_version_is_chosen_only_when_none_has_it_in_memory()
    {
        await using var bench = await VersionsUnderTest.StartAsync(2, [], ("1", ModelState.Ready));
        var (first, second) = (bench.Gateway.Workers[0], bench.Gateway.Workers[1]);
        await bench.ShowAsync(first, ("1", ModelState.Idle));

        await bench.AskAsync(6);
        Assert.Equal((0, 6), (first.Calls.Count, second.Calls.Count));

        await bench.ShowAsync(second, ("1", ModelState.Loading));
        await bench.AskAsync(2);
        Assert.Equal((2, 6), (first.Calls.Count, second.Calls.Count));
    }

    [Fact]
    public async Task A_worker_without_the_version_is_not_asked_again_for_the_request_and_another_one_answers()
    {
        await using var bench = await VersionsUnderTest.StartAsync(2, [], ("1", ModelState.Ready));
        var first = bench.Gateway.Workers[0];
        first.Script = call => call.AnswerAsync(
            """{"error":{"message":"no","type":"service_unavailable_error","code":"model_not_loaded"}}""", status: 503,
            headers: "Retry-After: 1\r\n");

        var answers = await bench.AskAsync(6);

        Assert.All(answers, status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.All(bench.Calls, call => Assert.Equal("1", call.Version));
        Assert.InRange(first.Calls.Count, 1, 6);
    }

    [Fact]
    public async Task A_version_is_the_same_for_every_attempt_and_a_key_that_may_not_call_the_model_finds_none()
    {
        await using var bench = await VersionsUnderTest.StartAsync(2, [], ("1", ModelState.Ready), ("2", ModelState.Ready));
        await bench.PlanAsync(new PlannedVersion("1", 50), new PlannedVersion("2", 50));
        bench.Gateway.Workers[0].Script = call =>
        {
            call.Reset();
            return Task.CompletedTask;
        };
        for (var i = 0; i < 8; i++)
        {
            using var response = await bench.AskAsync();
            var attempts = bench.Gateway.Workers.SelectMany(worker => worker.Calls)
                .GroupBy(call => call.HeaderOf(WorkerHeaders.RequestId));
            Assert.All(attempts, request => Assert.Single(request.Select(call => call.HeaderOf(WorkerHeaders.Version)).Distinct()));
        }

        var other = await bench.Gateway.CreateKeyAsync(key => key with { ModelsDenied = ["tiny-assistant"] });
        using var denied = await bench.Gateway.PostAsync(other, "/v1/chat/completions", VersionsUnderTest.Chat);
        await ErrorTests.AssertErrorAsync(denied, 404, "model_not_found");
    }
}
