using System.Net;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;
using static Tollgate.Gateway.Tests.Forwarding.UnaryTests;

namespace Tollgate.Gateway.Tests.Forwarding;

/// <summary>
/// Work that gave its client no answer: all of it counts in the token buckets, and what is beyond the allowance is billed.
/// </summary>
public sealed class UnansweredWorkTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Embeddings = "/v1/embeddings";
    private const string Allowance = "--Forwarding:ForgivenTokensPerMinute=20";
    private static readonly Units Computed = new(9, Output: 5);

    /// <summary>A bucket that drains by less than one token a second.</summary>
    private static readonly Limits Slow = new() { TokensPerDay = 60_000 };

    private static string Hello(bool stream) =>
        """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]"""
        + $$""","max_tokens":20,"stream":{{(stream ? "true" : "false")}}}""";

    [Fact]
    public void Audio_pictures_and_steps_weigh_like_tokens()
    {
        Assert.Equal(14, UnansweredWork.Weigh(Computed));
        Assert.Equal(50 * 60, UnansweredWork.Weigh(new Units(0, AudioMs: 60_000)));
        Assert.Equal(1 + (512 * 512 / 256) + (20 * 256), UnansweredWork.Weigh(new Units(0, Images: 1, Pixels: 512 * 512, Steps: 20)));
        Assert.Equal(16 + 100, UnansweredWork.Weigh(new Units(0, Calls: 1, Elements: 6400)));
    }

    [Theory]
    [InlineData(Chat, false)]
    [InlineData(Chat, true)]
    [InlineData(Embeddings, false)]
    public async Task A_client_that_leaves_pays_what_was_computed_once_the_allowance_is_used_up(string path, bool stream)
    {
        var computed = path == Embeddings ? new Units(14) : Computed;
        await using var gateway = await GatewayUnderTest.StartAsync(1, Allowance);
        var key = await gateway.CreateKeyAsync(record => record with { Limits = Slow });
        gateway.Worker.OnCancel = _ => new Cancelled(true, computed);
        var body = path == Embeddings ? """{"model":"tiny-embed","input":"a toll gate is a gate"}""" : Hello(stream);

        var forgiven = await LeaveAsync(gateway, key, path, body, stream);
        var billed = await LeaveAsync(gateway, key, path, body, stream);

        Assert.Equal((Outcome.ClientLeftBeforeFirstToken, default(Units), 0L), (forgiven.Outcome, forgiven.Units, forgiven.Delivered));
        Assert.Equal((Outcome.ClientLeftBeforeFirstToken, computed, 0L), (billed.Outcome, billed.Units, billed.Delivered)); // 2 × 14 > 20
        Assert.Equal(60_000 - (2 * 14) - 1, await RemainingTokensAsync(gateway, key), tolerance: 8);
    }

    [Fact]
    public async Task Requests_that_are_left_at_once_are_forgiven_no_more_together_than_one_by_one()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(1, "--Forwarding:ForgivenTokensPerMinute=30");
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.OnCancel = _ => new Cancelled(true, Computed);

        using var leave = new CancellationTokenSource();
        gateway.Worker.Script = call => call.WaitForResetAsync();

        var sending = Enumerable.Range(0, 10)
            .Select(_ => gateway.Http.SendAsync(GatewayUnderTest.Post(key, Chat, Hello(stream: false)), leave.Token)).ToList();
        await Until.TrueAsync(() => gateway.Worker.Calls.Count == 10, "all of them run");
        await leave.CancelAsync();
        var rows = await Task.WhenAll(gateway.Worker.Calls.Select(call => gateway.Plane.WaitForUsageAsync("req_" + RequestIdOf(call))));

        Assert.Equal(2, rows.Count(row => row.Units == default)); // 2 × 14 fit in 30.
        Assert.Equal(8, rows.Count(row => row.Units == Computed));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(sending));
    }

    [Fact]
    public async Task Another_organization_has_an_allowance_of_its_own()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(1, Allowance);
        gateway.Worker.OnCancel = _ => new Cancelled(true, Computed);

        var rows = new[]
        {
            await LeaveAsync(gateway, await gateway.CreateKeyAsync(), Chat, Hello(stream: false), false),
            await LeaveAsync(gateway, await gateway.CreateKeyAsync(), Chat, Hello(stream: false), false),
        };

        Assert.All(rows, row => Assert.Equal(default, row.Units));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_took_too_long_is_paid_beyond_the_allowance(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            1, "--Forwarding:ForgivenTokensPerMinute=0", "--Forwarding:AnswerTimeout=00:00:00.200",
            "--Forwarding:FirstEventTimeout=00:00:00.200");
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.OnCancel = _ => new Cancelled(true, Computed);
        gateway.Worker.Script = call => call.WaitForResetAsync();

        using var response = await gateway.PostAsync(key, Chat, Hello(stream));

        await ErrorTests.AssertErrorAsync(response, 504, "upstream_timeout");
        Assert.Equal((Outcome.FailedBeforeFirstToken, Computed), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(response))));
    }

    [Fact]
    public async Task A_prompt_that_the_model_answers_with_nothing_is_paid_beyond_the_allowance()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(1, "--Forwarding:ForgivenTokensPerMinute=15");
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9));

        using var first = await gateway.PostAsync(key, Chat, Hello(stream: false));
        using var second = await gateway.PostAsync(key, Chat, Hello(stream: false));

        Assert.Equal((Outcome.Empty, default(Units)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(first))));
        Assert.Equal((Outcome.Empty, new Units(9)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(second))));
    }

    [Fact]
    public async Task Without_the_workers_word_nothing_is_billed_and_the_whole_hold_stays_in_the_token_bucket()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            1, "--Forwarding:ForgivenTokensPerMinute=0", "--Forwarding:CancelTimeout=00:00:00.100");
        var key = await gateway.CreateKeyAsync(record => record with { Limits = Slow });
        gateway.Worker.OnCancel = _ => null;

        var row = await LeaveAsync(gateway, key, Chat, Hello(stream: false), false);

        Assert.Equal((Outcome.ClientLeftBeforeFirstToken, default(Units)), Charged(row));
        Assert.Equal(60_000 - (1 + 3 + 20) - 1, await RemainingTokensAsync(gateway, key), tolerance: 8); // "Hi", one message, the cap
    }

    [Fact]
    public async Task A_request_whose_worker_dies_is_tried_once_more_and_not_through_all_workers()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(4);
        var key = await gateway.CreateKeyAsync();
        foreach (var worker in gateway.Workers)
        {
            worker.Script = call =>
            {
                call.Reset();
                return Task.CompletedTask;
            };
        }

        using var response = await gateway.PostAsync(key, Chat, Hello(stream: true));

        await ErrorTests.AssertErrorAsync(response, 503, "model_unavailable");
        Assert.Equal(2, gateway.Workers.Sum(worker => worker.Calls.Count));
        Assert.Equal(2, (await gateway.Plane.WaitForUsageAsync(RequestId(response))).Attempt);
    }

    /// <summary>Sends a request, leaves while the worker computes, and waits for the row.</summary>
    private static async Task<UsageEvent> LeaveAsync(GatewayUnderTest gateway, TestKey key, string path, string body, bool stream)
    {
        using var leave = new CancellationTokenSource();
        var known = new TaskCompletionSource<string>();
        gateway.Worker.Script = async call =>
        {
            var id = RequestIdOf(call);
            if (stream)
            {
                await call.StartStreamAsync(new Units(9)); // Headers alone are no event.
            }

            known.TrySetResult(id);
            await call.WaitForResetAsync();
        };
        var sending = gateway.Http.SendAsync(GatewayUnderTest.Post(key, path, body), leave.Token);
        var requestId = await known.Task;
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        return await gateway.Plane.WaitForUsageAsync("req_" + requestId);
    }

    private static string RequestIdOf(WorkerCall call) => call.Head.Split("x-tollgate-request-id: ")[1].Split('\r')[0];

    /// <summary>What the headers of a request say that holds one token itself.</summary>
    private static async Task<double> RemainingTokensAsync(GatewayUnderTest gateway, TestKey key)
    {
        gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(1, Output: 1));
        using var response = await gateway.PostAsync(
            key, "/v1/completions", """{"model":"tiny-assistant","prompt":"","max_tokens":1}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return double.Parse(response.Headers.GetValues("x-ratelimit-remaining-tokens").Single());
    }
}
