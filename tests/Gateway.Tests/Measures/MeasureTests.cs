using System.Net;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Catalogue;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Measures;

/// <summary>What gateways report of versions.</summary>
public sealed class MeasureTests
{
    [Fact]
    public async Task Answers_and_faults_of_each_version_are_reported_and_what_clients_cause_is_not()
    {
        await using var bench = await VersionsUnderTest.StartAsync(
            1, ["--Forwarding:MostRetries=0"], ("1", ModelState.Ready), ("2", ModelState.Ready));
        await bench.PlanAsync(new PlannedVersion("1", 1), new PlannedVersion("2", 0, Kept: true));
        var well = bench.Worker.Script;

        await bench.AskAsync(5);
        await bench.PlanAsync(new PlannedVersion("1", 0, Kept: true), new PlannedVersion("2", 1));
        await bench.AskAsync(3);
        foreach (var (status, code) in new[] { (500, "x"), (503, "server_is_overloaded"), (400, "y"), (503, "model_not_loaded") })
        {
            bench.Worker.Script = call => call.AnswerAsync(
                $$$"""{"error":{"message":"no","type":"t","code":"{{{code}}}"}}""", status: status);
            await bench.AskAsync(1);
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System); // A full queue answers for a quarter of a second.
        }

        bench.Worker.Script = call =>
        {
            call.Reset();
            return Task.CompletedTask;
        };
        await bench.AskAsync(1);
        bench.Worker.Script = well;

        await Until.TrueAsync(() => Sum(bench, "2").Failures == 2, "the failures are reported");
        await Until.TrueAsync(() => Sum(bench, "1").Requests == 5, "the answers are reported");
        Assert.Equal((5, 0, 5), Sum(bench, "1"));
        Assert.Equal((5, 2, 3), Sum(bench, "2")); // 500 and the dead worker failed it.
        var reports = bench.Gateway.Plane.Measures.ToList();
        Assert.Equal(Enumerable.Range(1, reports.Count).Select(number => (long)number), reports.Select(report => report.Sequence));
        Assert.Single(reports.Select(report => (report.Gateway, report.Boot)).Distinct());
    }

    [Fact]
    public async Task A_fault_counts_although_the_worker_that_was_asked_next_was_full()
    {
        await using var bench = await VersionsUnderTest.StartAsync(2, [], ("1", ModelState.Ready), ("2", ModelState.Ready));
        await bench.PlanAsync(new PlannedVersion("1", 0, Kept: true), new PlannedVersion("2", 1));
        var calls = 0;
        foreach (var worker in bench.Gateway.Workers)
        {
            worker.Script = call =>
            {
                if (Interlocked.Increment(ref calls) == 1)
                {
                    call.Reset();
                    return Task.CompletedTask;
                }

                return call.AnswerAsync(
                    """{"error":{"message":"no","type":"t","code":"server_is_overloaded"}}""", status: 503);
            };
        }

        Assert.Equal([HttpStatusCode.ServiceUnavailable], await bench.AskAsync(1));

        await Until.TrueAsync(() => Sum(bench, "2").Requests == 1, "the request is reported");
        Assert.Equal((1, 1, 0), Sum(bench, "2"));
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task A_model_with_one_version_in_its_plan_is_not_measured()
    {
        await using var bench = await VersionsUnderTest.StartAsync(("1", ModelState.Ready));
        await bench.PlanAsync(new PlannedVersion("1", 1));

        Assert.Equal([HttpStatusCode.OK], await bench.AskAsync(1));
        await Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System); // Reports go out every second.

        Assert.Empty(bench.Gateway.Plane.Measures);
    }

    private static (long Requests, long Failures, long Answered) Sum(VersionsUnderTest bench, string version)
    {
        var measures = bench.Gateway.Plane.Measures.SelectMany(report => report.Versions)
            .Where(measure => measure.Version == version && !measure.Shadow).ToList();
        return (measures.Sum(one => one.Requests), measures.Sum(one => one.Failures), measures.Sum(one => one.Durations.Sum()));
    }
}
