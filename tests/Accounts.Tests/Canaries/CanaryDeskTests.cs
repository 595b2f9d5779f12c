using Tollgate.Contracts.Catalogue;

namespace Tollgate.Accounts.Tests.Canaries;

public sealed class CanaryDeskTests : IAsyncLifetime
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private CanaryBench _bench = null!;

    public async Task InitializeAsync() => _bench = await CanaryBench.StartAsync();

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task A_good_version_takes_all_steps_and_the_old_one_is_kept_for_a_last_window()
    {
        var faults = await _bench.StartCanaryAsync();
        List<string> plans = [await _bench.PlanTextAsync()];
        for (var step = 0; step < 3; step++)
        {
            await _bench.ReportAsync("2", 60, failures: 1);
            await _bench.RestartAsync(); // Nothing of a canary lies in memory.
            await _bench.ReportAsync("1", 900, failures: 9);
            _bench.Clock.Advance(Window - TimeSpan.FromSeconds(1));
            Assert.False(await _bench.AdvanceAsync()); // The window is not over.
            _bench.Clock.Advance(TimeSpan.FromSeconds(1));
            Assert.True(await _bench.AdvanceAsync());
            plans.Add(await _bench.PlanTextAsync());
        }

        var last = await _bench.CanaryAsync();
        _bench.Clock.Advance(Window);
        await _bench.AdvanceAsync();
        plans.Add(await _bench.PlanTextAsync());

        Assert.Empty(faults);
        Assert.Equal(["1=95 2=5", "1=75 2=25", "1=50 2=50", "1=0kept 2=100", "2=100"], plans);
        Assert.Equal((CanaryState.Running, 100), (last.State, last.Share));
        var done = await _bench.CanaryAsync();
        Assert.Equal(CanaryState.Done, done.State);
        Assert.Equal([5, 25, 50, 100, 100], done.Events.Select(one => one.Share));
        Assert.Equal((60, 1, 900, 9), (
            done.Events[1].New!.Requests, done.Events[1].New!.Failures, done.Events[1].Old!.Requests, done.Events[1].Old!.Failures));
        Assert.Equal(
            ["canary.start", "canary.step", "canary.step", "canary.step", "canary.done"], await _bench.AuditAsync());
    }

    [Fact]
    public async Task A_version_that_fails_more_is_rolled_back_with_both_figures()
    {
        await _bench.StartCanaryAsync();
        await _bench.ReportAsync("2", 60, failures: 6);
        await _bench.ReportAsync("1", 940, failures: 3);
        _bench.Clock.Advance(Window);

        Assert.True(await _bench.AdvanceAsync());

        var canary = await _bench.CanaryAsync();
        Assert.Equal((CanaryState.RolledBack, 0), (canary.State, canary.Share));
        Assert.Equal(
            "Errors: 6 of 60 requests (10 %) with version 2, 3 of 940 (0.32 %) with version 1; at most 2 points more are allowed.",
            canary.Reason);
        Assert.Equal("1=100", await _bench.PlanTextAsync());
        Assert.Equal(["canary.start", "canary.rollback"], await _bench.AuditAsync());
        Assert.False(await _bench.AdvanceAsync());
    }

    [Fact]
    public async Task A_clearly_broken_version_is_rolled_back_before_its_window_ends()
    {
        await _bench.StartCanaryAsync();
        await _bench.ReportAsync("1", 200);
        await _bench.ReportAsync("2", 9, failures: 9);
        var early = await _bench.AdvanceAsync();
        await _bench.ReportAsync("2", 3, failures: 3);

        Assert.True(await _bench.AdvanceAsync());
        Assert.False(early);
        Assert.Equal(CanaryState.RolledBack, (await _bench.CanaryAsync()).State);
    }

    [Fact]
    public async Task A_slower_version_is_rolled_back()
    {
        await _bench.StartCanaryAsync();
        await _bench.ReportAsync("2", 60, milliseconds: 400);
        await _bench.ReportAsync("1", 940, milliseconds: 100);
        _bench.Clock.Advance(Window);

        await _bench.AdvanceAsync();

        var canary = await _bench.CanaryAsync();
        Assert.Equal(CanaryState.RolledBack, canary.State);
        Assert.StartsWith("Median latency: ", canary.Reason, StringComparison.Ordinal);
        Assert.EndsWith(" times; at most 1.5 times is allowed.", canary.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_few_requests_hold_the_step_until_there_are_enough()
    {
        await _bench.StartCanaryAsync();
        await _bench.ReportAsync("1", 940);
        await _bench.ReportAsync("2", 49);
        _bench.Clock.Advance(Window * 3);
        var held = await _bench.AdvanceAsync();
        var waiting = await _bench.CanaryAsync();
        await _bench.ReportAsync("2", 1);

        Assert.True(await _bench.AdvanceAsync());
        Assert.False(held);
        Assert.Equal(
            "Too few requests to judge: 50 of each version are needed, version 2 had 49 and version 1 940.", waiting.Standing);
        Assert.Equal(25, (await _bench.CanaryAsync()).Share);
    }

    [Fact]
    public async Task A_version_that_a_worker_cannot_load_is_rolled_back_at_once_with_its_reason()
    {
        await _bench.StartCanaryAsync();
        _bench.Break();

        Assert.True(await _bench.AdvanceAsync());

        Assert.Equal("Worker worker-1 cannot serve version 2: The file is cut.", (await _bench.CanaryAsync()).Reason);
        Assert.Equal("1=100", await _bench.PlanTextAsync());
        var again = await _bench.StartCanaryAsync();
        Assert.Contains("cannot serve version 2", Assert.Single(again).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_left_the_workers_is_rolled_back_when_the_window_ends_and_never_finished()
    {
        await _bench.StartCanaryAsync();
        await _bench.WithDeskAsync(desk => desk.PromoteAsync("m", null, CancellationToken.None));
        _bench.Remove();
        var early = await _bench.AdvanceAsync(); // A worker may restart.
        _bench.Clock.Advance(Window);

        Assert.True(await _bench.AdvanceAsync());
        Assert.False(early);
        Assert.Equal("No worker has version 2 any more.", (await _bench.CanaryAsync()).Reason);
        Assert.Equal("1=100", await _bench.PlanTextAsync());
    }

    [Fact]
    public async Task A_canary_that_starts_with_all_requests_rolls_back_by_its_errors()
    {
        await _bench.StartCanaryAsync(new StartCanary("2") { Share = 100 });
        await _bench.ReportAsync("2", 12, failures: 12);

        Assert.True(await _bench.AdvanceAsync());
        Assert.Equal(CanaryState.RolledBack, (await _bench.CanaryAsync()).State);
        Assert.Equal("1=100", await _bench.PlanTextAsync());
    }

    [Fact]
    public async Task Two_instances_take_a_step_once()
    {
        await _bench.StartCanaryAsync(new StartCanary("2") { Steps = [5, 10, 15, 20, 25, 30, 35, 40] });
        for (var round = 0; round < 5; round++)
        {
            await _bench.ReportAsync("2", 60);
            await _bench.ReportAsync("1", 900);
            _bench.Clock.Advance(Window);

            var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(_bench.AdvanceAsync)));

            Assert.Equal(1, taken.Count(one => one));
        }

        Assert.Equal(30, (await _bench.CanaryAsync()).Share);
    }

    [Fact]
    public async Task Failures_of_the_last_window_roll_back_to_the_kept_version()
    {
        await _bench.StartCanaryAsync(new StartCanary("2") { Share = 50 });
        await _bench.ReportAsync("2", 100);
        await _bench.ReportAsync("1", 100);
        _bench.Clock.Advance(Window);
        await _bench.AdvanceAsync();
        var kept = await _bench.PlanTextAsync();
        await _bench.ReportAsync("2", 100, failures: 40);

        Assert.True(await _bench.AdvanceAsync());
        Assert.Equal("1=0kept 2=100", kept);
        Assert.Equal("1=100", await _bench.PlanTextAsync());
        Assert.Equal(CanaryState.RolledBack, (await _bench.CanaryAsync()).State);
    }

    [Fact]
    public async Task The_operator_promotes_and_rolls_back_at_once_and_each_again_without_harm()
    {
        await _bench.StartCanaryAsync();
        var promoted = await _bench.WithDeskAsync(desk => desk.PromoteAsync("m", null, CancellationToken.None));
        var again = await _bench.WithDeskAsync(desk => desk.PromoteAsync("m", null, CancellationToken.None));
        var plan = await _bench.PlanTextAsync();
        var back = await _bench.WithDeskAsync(desk => desk.RollBackAsync("m", null, CancellationToken.None));
        var none = await _bench.WithDeskAsync(desk => desk.RollBackAsync("m", null, CancellationToken.None));

        Assert.Equal((null, null, null), (promoted, again, back));
        Assert.Equal("1=0kept 2=100", plan);
        Assert.Equal("No canary of m runs.", none!.Text);
        Assert.Equal("Rolled back by the operator.", (await _bench.CanaryAsync()).Reason);
        Assert.Equal(["canary.start", "canary.promote", "canary.rollback"], await _bench.AuditAsync());
    }

    [Fact]
    public async Task Orders_that_cannot_be_followed_name_every_fault()
    {
        var ranges = await _bench.StartCanaryAsync(new StartCanary("2")
        {
            Share = 0, Steps = [5, 5], Window = TimeSpan.FromSeconds(1), MostExtraErrors = double.NaN, MostLatencyRatio = 0.5,
            LeastRequests = 0,
        });
        var unknown = await _bench.StartCanaryAsync(new StartCanary("3"));
        var serving = await _bench.StartCanaryAsync(new StartCanary("1"));
        await _bench.StartCanaryAsync();
        var second = await _bench.StartCanaryAsync();

        Assert.Equal(
            ["share", "steps", "window", "mostExtraErrors", "mostLatencyRatio", "leastRequests"], ranges.Select(fault => fault.Member));
        Assert.Equal("No worker has version 3 of m. There are: 2, 1.", Assert.Single(unknown).Text);
        Assert.Contains("answers all requests already", Assert.Single(serving).Text, StringComparison.Ordinal);
        Assert.Equal("A canary of m runs. Promote it or roll it back first.", Assert.Single(second).Text);
    }

    [Fact]
    public async Task Versions_beside_the_canary_stay_in_the_plan_and_several_serving_ones_are_refused()
    {
        await _bench.PlanAsync(new PlannedVersion("0", 0, ShadowPercent: 10), new PlannedVersion("1", 7));
        await _bench.StartCanaryAsync();
        var during = await _bench.PlanTextAsync();
        await _bench.WithDeskAsync(desk => desk.RollBackAsync("m", null, CancellationToken.None));
        var after = await _bench.PlanTextAsync();
        await _bench.PlanAsync(new PlannedVersion("1", 50), new PlannedVersion("2", 50));
        var split = await _bench.StartCanaryAsync();

        Assert.Equal(("0=0 1=95 2=5", "0=0 1=100"), (during, after));
        Assert.StartsWith("Versions 1, 2 of m answer requests.", Assert.Single(split).Text, StringComparison.Ordinal);
    }
}
