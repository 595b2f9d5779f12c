using System.Net;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Tests.Catalogue;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Forwarding;

/// <summary>Copies of requests for a version that reads along.</summary>
public sealed class ShadowTests
{
    private static readonly PlannedVersion[] All = [new("1", 100), new("2", 0, ShadowPercent: 100)];

    [Fact]
    public async Task Every_request_is_copied_and_each_is_billed_once()
    {
        await using var bench = await VersionsUnderTest.StartAsync(("1", ModelState.Ready), ("2", ModelState.Ready));
        await bench.PlanAsync(All);

        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < 20; i++)
        {
            answers.Add(await bench.AskAsync());
            var copies = i + 1;
            await Until.TrueAsync(() => bench.Calls.Count(call => call.IsCopy) == copies, "the copy"); // At most four run at once.
        }

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.All(bench.Calls, call => Assert.Equal(call.IsCopy ? "2" : "1", call.Version));
        var rows = await Task.WhenAll(
            answers.Select(answer => bench.Gateway.Plane.WaitForUsageAsync(answer.Headers.GetValues("x-request-id").Single())));
        await bench.Gateway.App.StopAsync(); // Ships all that is left.
        Assert.All(rows, row => Assert.Equal("1", row.ModelVersion));
        Assert.Equal(20, bench.Gateway.Plane.Booked.Count);
        var copied = bench.Worker.Calls.Where(call => call.HeaderOf(WorkerHeaders.Shadow) == "1").ToList();
        Assert.All(copied, call => Assert.Null(call.HeaderOf(WorkerHeaders.Bound)));
        Assert.Empty(copied.Select(call => call.HeaderOf(WorkerHeaders.RequestId))
            .Intersect(rows.Select(row => row.RequestId.ToString("N"))));
        Assert.All(copied, call => Assert.Contains("\"model\":\"tiny-assistant\"", call.Body, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(0)]
    public async Task A_copy_that_fails_changes_nothing_for_clients(int status)
    {
        await using var bench = await VersionsUnderTest.StartAsync(("1", ModelState.Ready), ("2", ModelState.Ready));
        await bench.PlanAsync(All);
        Answer(bench.Worker, call =>
        {
            if (status == 0)
            {
                call.Reset();
                return Task.CompletedTask;
            }

            return call.AnswerAsync("""{"error":{"message":"no","type":"server_error"}}""", status: status);
        });

        var answers = await bench.AskAsync(10);

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer));
        Assert.True(bench.Gateway.Pool.Workers[0].Healthy);
    }

    [Fact]
    public async Task Copies_that_hang_are_bounded_and_end_at_their_time_out()
    {
        await using var bench = await VersionsUnderTest.StartAsync(
            1, ["--Forwarding:AnswerTimeout=00:00:01"], ("1", ModelState.Ready), ("2", ModelState.Ready));
        await bench.PlanAsync(All);
        var gone = 0;
        Answer(bench.Worker, async call =>
        {
            await call.WaitForResetAsync();
            Interlocked.Increment(ref gone);
        });

        var started = TimeProvider.System.GetTimestamp();
        var answers = await bench.AskAsync(12);
        var took = TimeProvider.System.GetElapsedTime(started);

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer));
        Assert.True(took < TimeSpan.FromSeconds(10), $"{took}");
        Assert.InRange(bench.Calls.Count(call => call.IsCopy), 1, took < TimeSpan.FromSeconds(1) ? ShadowTraffic.MostAtOnce : 40);
        await Until.TrueAsync(() => Volatile.Read(ref gone) == bench.Calls.Count(call => call.IsCopy), "their time is over");
        var copies = bench.Worker.Calls.Where(call => call.HeaderOf(WorkerHeaders.Shadow) == "1")
            .Select(call => Guid.ParseExact(call.HeaderOf(WorkerHeaders.RequestId)!, "N")).ToHashSet();
        await Until.TrueAsync(() => copies.IsSubsetOf(bench.Worker.CancelledRequests), "the worker is to stop each of them");
    }

    [Fact]
    public async Task Streams_are_copied_and_read_to_their_end()
    {
        await using var bench = await VersionsUnderTest.StartAsync(("1", ModelState.Ready), ("2", ModelState.Ready));
        await bench.PlanAsync(All);
        bench.Worker.Script = async call =>
        {
            await call.StartStreamAsync(new Units(5));
            await call.ChunkAsync("id: 1\ndata: {}\n\n");
            await call.ChunkAsync("id: 1\ndata: [DONE]\n\n");
            await call.EndAsync();
        };

        using var response = await bench.AskAsync(
            VersionsUnderTest.Chat.Replace("\"messages\"", "\"stream\":true,\"messages\"", StringComparison.Ordinal));
        var body = await response.Content.ReadAsStringAsync();

        Assert.EndsWith("[DONE]\n\n", body, StringComparison.Ordinal);
        var report = await Until.ValueAsync(
            () => Task.FromResult(bench.Gateway.Plane.Measures.SelectMany(one => one.Versions).FirstOrDefault(one => one.Shadow)),
            "the copy's measure");
        Assert.Equal(("2", 1L, 0L), (report.Version, report.Requests, report.Failures));
    }

    /// <summary>Answers requests of clients, and copies by a script.</summary>
    private static void Answer(ScriptedWorker worker, Func<WorkerCall, Task> copies)
    {
        var others = worker.Script;
        worker.Script = call => call.HeaderOf(WorkerHeaders.Shadow) == "1" ? copies(call) : others(call);
    }
}
