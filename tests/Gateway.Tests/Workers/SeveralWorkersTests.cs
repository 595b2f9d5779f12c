using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Gateway.Workers;
using Tollgate.Testing;
using static Tollgate.Gateway.Tests.Forwarding.UnaryTests;

namespace Tollgate.Gateway.Tests.Workers;

/// <summary>Several workers of one model behind one gateway, on real sockets: who gets what while they come, go, slow down and
/// break.</summary>
public sealed class SeveralWorkersTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Hello = """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}],"max_tokens":20}""";
    private const string LookSeldom = "--Routing:PollInterval=00:01:00";

    [Fact]
    public async Task A_worker_that_registers_gets_requests_without_a_restart_and_one_that_left_gets_none()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(1, LookSeldom);
        var key = await gateway.CreateKeyAsync();
        var added = gateway.AddWorker();

        gateway.Plane.Workers.Publish(Directory(Registered(added)));
        await Until.TrueAsync(() => gateway.Pool.Workers is [_, { Healthy: true }], "the new worker is known");
        await AskAsync(gateway, key, 6);
        var (listed, registered) = (gateway.Worker.Calls.Count, added.Calls.Count);
        gateway.Plane.Workers.Publish(Directory(Registered(added) with { Left = new WorkerLogEnd(Guid.NewGuid(), 1) }));
        await Until.TrueAsync(() => gateway.Pool.Workers.Count == 1, "it has left");
        await AskAsync(gateway, key, 6);

        Assert.Equal(6, listed + registered);
        Assert.InRange(registered, 1, 5);
        Assert.Equal((listed + 6, registered), (gateway.Worker.Calls.Count, added.Calls.Count));
    }

    [Fact]
    public async Task A_restart_knows_the_registered_workers_while_Accounts_is_away()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(1);
        gateway.Plane.Workers.Publish(Directory(Registered(gateway.AddWorker())));
        await Until.TrueAsync(() => gateway.Pool.Workers is [_, { Healthy: true }], "the new worker is known");
        var registry = gateway.App.Services.GetRequiredService<DirectoryFollower>();
        var copy = Path.Combine(gateway.App.Configuration["Catalogue:Folder"]!, "workers.json");
        await Until.TrueAsync(() => File.Exists(copy), "the copy is on disk");
        await registry.StopAsync(default);
        await gateway.Plane.DisposeAsync();
        gateway.Pool.Show(new WorkerDirectory([]));

        await registry.StartAsync(default);

        await Until.TrueAsync(() => gateway.Pool.Workers is [_, { Healthy: true }], "the worker is known again");
    }

    [Fact]
    public async Task Requests_spread_over_workers_and_a_slow_one_gets_less()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(workers: 3);
        var key = await gateway.CreateKeyAsync(record => record with { Limits = Contracts.Keys.Limits.None });
        await AskAsync(gateway, key, 12);
        var even = gateway.Workers.Select(worker => worker.Calls.Count).ToArray();
        var slow = gateway.Workers[1];
        var (entered, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        slow.Script = async call =>
        {
            entered.TrySetResult();
            await release.Task;
            await call.AnswerAsync("{}", new Units(1, Output: 1));
        };

        var loops = Enumerable.Range(0, 5).Select(_ => AskAsync(gateway, key, 12)).ToList();
        await entered.Task;
        await Until.TrueAsync(() => loops.Count(loop => !loop.IsCompleted) == slow.Calls.Count - even[1], "the others are done");
        var (stuck, quick) = (
            slow.Calls.Count - even[1], gateway.Workers[0].Calls.Count + gateway.Workers[2].Calls.Count - even[0] - even[2]);
        release.SetResult();
        await Task.WhenAll(loops);

        Assert.All(even, count => Assert.InRange(count, 2, 6));
        Assert.InRange(stuck, 1, 3);
        Assert.InRange(quick, (5 - stuck) * 12, 60 - stuck); // The loops that were not stuck went on undisturbed.
    }

    [Fact]
    public async Task A_drained_worker_gets_nothing_new_while_what_runs_there_ends()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(2, LookSeldom);
        var key = await gateway.CreateKeyAsync();
        var release = new TaskCompletionSource();
        foreach (var worker in gateway.Workers)
        {
            worker.Script = async call =>
            {
                await release.Task;
                await call.AnswerAsync("{}", new Units(1, Output: 1));
            };
        }

        var running = gateway.PostAsync(key, Chat, Hello);
        await Until.TrueAsync(() => gateway.Workers.Any(worker => !worker.Calls.IsEmpty), "a request runs");
        var (drained, other) = gateway.Worker.Calls.IsEmpty ? (gateway.Workers[1], gateway.Worker) : (gateway.Worker, gateway.Workers[1]);
        other.Script = call => call.AnswerAsync("{}", new Units(1, Output: 1));
        gateway.Plane.Workers.Publish(Directory(Registered(drained) with { Drained = true }));
        await Until.TrueAsync(() => gateway.Pool.Workers.Any(worker => worker.Drained), "the order has arrived");
        await AskAsync(gateway, key, 5);
        var meanwhile = drained.Calls.Count;
        release.SetResult();
        using var response = await running;
        gateway.Plane.Workers.Publish(Directory(Registered(drained)));
        await Until.TrueAsync(() => gateway.Pool.Workers.All(worker => !worker.Drained), "the order is withdrawn");
        await AskAsync(gateway, key, 4);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(1, meanwhile);
        Assert.InRange(drained.Calls.Count, 2, 4);
    }

    [Fact]
    public async Task A_worker_that_says_it_stops_is_looked_at_at_once_and_a_successor_is_not_taken_for_it()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(2, LookSeldom);
        var stopping = gateway.Worker;

        stopping.Status = ScriptedWorker.StatusOf("worker-1", draining: true);
        gateway.Plane.Workers.Publish(Directory(Registered(stopping) with { Stopping = true }));
        await Until.TrueAsync(() => gateway.Pool.Workers[0].OfferFor("tiny-assistant", null)?.Load is null, "it gets nothing new");
        stopping.Status = ScriptedWorker.StatusOf("worker-1");
        await gateway.App.Services.GetRequiredService<WorkerPoller>().PollAsync(gateway.Pool.Workers[0], default);

        Assert.NotNull(gateway.Pool.Workers[0].OfferFor("tiny-assistant", null)?.Load); // Though the directory still says that it stops.
    }

    [Fact]
    public async Task A_worker_that_breaks_three_requests_in_a_row_gets_no_more_before_it_answers_a_look()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(2, LookSeldom);
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call =>
        {
            call.Reset();
            return Task.CompletedTask;
        };

        var asked = await AskAsync(gateway, key, 12);
        var broken = gateway.Worker.Calls.Count;
        gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(1, Output: 1));
        await AskAsync(gateway, key, 4);
        var open = gateway.Worker.Calls.Count;
        await gateway.App.Services.GetRequiredService<WorkerPoller>().PollAsync(gateway.Pool.Workers[0], default);
        await AskAsync(gateway, key, 4);

        Assert.Equal((3, 3), (broken, open));
        Assert.InRange(gateway.Worker.Calls.Count, 4, 7);
        var rows = await Task.WhenAll(asked.Select(gateway.Plane.WaitForUsageAsync)); // One each.
        Assert.All(rows, row => Assert.Equal((Outcome.Completed, new Units(1, Output: 1)), Charged(row)));
        Assert.Equal(3, rows.Count(row => row.Attempt == 2));
    }

    /// <summary>Asks one after another; each is answered. Returns the requests' ids.</summary>
    private static async Task<List<string>> AskAsync(GatewayUnderTest gateway, TestKey key, int times)
    {
        var ids = new List<string>();
        for (var i = 0; i < times; i++)
        {
            using var response = await gateway.PostAsync(key, Chat, Hello);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            ids.Add(RequestId(response));
        }

        return ids;
    }

    private static RegisteredWorker Registered(ScriptedWorker worker) => new(worker.Url, worker.Url, false, false, null);

    private static WorkerDirectory Directory(params RegisteredWorker[] workers) => new(workers);
}
