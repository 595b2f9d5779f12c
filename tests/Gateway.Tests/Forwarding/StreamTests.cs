using System.Net;
using System.Text;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;
using static Tollgate.Gateway.Tests.Forwarding.UnaryTests;

namespace Tollgate.Gateway.Tests.Forwarding;

public sealed class StreamTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Hello = """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}],"stream":true,"max_tokens":20}""";
    private static readonly Units Prompt = new(9);

    private static string Event(int id, string text = "x") => $"id: {id}\ndata: {{\"t\":\"{text}\"}}\n\n";

    [Fact]
    public async Task Events_are_passed_on_byte_for_byte_however_they_are_cut_and_billed_by_their_last_id()
    {
        var whole = Event(0, "") + Event(1, "Grüße") + ": keep-alive\n\n" + Event(2, "ö") + Event(5) + "id: 5\ndata: [DONE]\n\n";
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(Prompt);
            for (var at = 0; at < whole.Length; at += 7)
            {
                await call.ChunkAsync(whole.Substring(at, Math.Min(7, whole.Length - at)));
            }

            await call.EndAsync();
        };

        using var response = await gateway.PostAsync(key, Chat, Hello);
        var bytes = await response.Content.ReadAsByteArrayAsync();

        Assert.Equal(whole, Encoding.UTF8.GetString(bytes));
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("no", Assert.Single(response.Headers.GetValues("X-Accel-Buffering"))); // Else nginx's defaults hold 4 KiB back.
        Assert.True(response.Headers.Contains("x-ratelimit-remaining-tokens"));
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.Completed, new Units(9, Output: 5), 5L, true), (row.Outcome, row.Units, row.Delivered, row.Streamed));
    }

    [Fact]
    public async Task Each_event_goes_out_when_it_comes()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        var steps = new SemaphoreSlim(0);
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(Prompt);
            for (var id = 0; id < 4; id++)
            {
                await call.ChunkAsync(Event(id));
                await steps.WaitAsync();
            }

            await call.ChunkAsync("data: [DONE]\n\n");
            await call.EndAsync();
        };

        using var response = await gateway.PostAsync(key, Chat, Hello);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        for (var id = 0; id < 4; id++)
        {
            Assert.Equal($"id: {id}", await reader.ReadLineAsync());
            await reader.ReadLineAsync();
            await reader.ReadLineAsync();
            steps.Release();
        }

        Assert.Equal("data: [DONE]", await reader.ReadLineAsync());
    }

    [Theory]
    [InlineData("")] // The worker ends cleanly, but without [DONE].
    [InlineData("id: 3\ndata: {\"ha")]
    [InlineData("id: 1\ndata: {}\n\n")] // The id falls.
    [InlineData("id: 21\ndata: {}\n\n")] // Above the hold.
    [InlineData("data: {}\n\n")] // Not counted.
    [InlineData("data: {\"error\":{\"message\":\"x\"}}\n\nid: 9\ndata: {}\n\n")]
    public async Task A_stream_that_breaks_ends_in_an_error_frame_and_is_billed_by_what_went_out(string last)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        var started = new TaskCompletionSource();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(Prompt);
            await call.ChunkAsync(Event(1) + Event(2));
            await started.Task; // What arrives together with the break has not gone out, and would be tried again elsewhere.
            if (last.Length > 0)
            {
                await call.ChunkAsync(last);
            }

            await call.EndAsync();
        };

        using var response = await gateway.PostAsync(key, Chat, Hello);
        started.SetResult();
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.StartsWith(Event(1) + Event(2) + "data: {\"error\":{", text, StringComparison.Ordinal);
        Assert.EndsWith("}}\n\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.FailedAfterFirstToken, new Units(9, Output: 2), 2L), (row.Outcome, row.Units, row.Delivered));
    }

    [Fact]
    public async Task A_worker_that_dies_in_the_middle_of_an_event_ends_the_stream_in_an_error_frame()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(workers: 2);
        var key = await gateway.CreateKeyAsync();
        var started = new TaskCompletionSource();
        foreach (var worker in gateway.Workers)
        {
            worker.Script = async call =>
            {
                await call.StartStreamAsync(Prompt);
                await call.ChunkAsync(Event(1));
                await started.Task; // A reset would take along what the gateway has not read yet.
                await call.WriteAsync("40\r\nid: 2\nda");
                call.Reset();
            };
        }

        using var response = await gateway.PostAsync(key, Chat, Hello);
        started.SetResult();
        var text = await response.Content.ReadAsStringAsync();

        Assert.StartsWith(Event(1) + "data: {\"error\":{", text, StringComparison.Ordinal);
        Assert.Equal(
            (Outcome.FailedAfterFirstToken, new Units(9, Output: 1)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(response))));
        Assert.Single(gateway.Workers.SelectMany(worker => worker.Calls)); // Something went out: no second attempt.
    }

    [Theory]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nx-tollgate-units: 9,0,0,0,0,0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx-tollgate-units: 9,0,0,0,0,0\r\n\r\n5\r\nid: 1\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")] // No units.
    [InlineData("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200")]
    public async Task Until_the_first_event_another_worker_takes_over_and_the_request_is_billed_once(string bytes)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(workers: 2);
        var key = await gateway.CreateKeyAsync();
        var calls = 0;
        foreach (var worker in gateway.Workers)
        {
            worker.Script = async call =>
            {
                if (Interlocked.Increment(ref calls) == 1)
                {
                    await call.WriteAsync(bytes);
                    call.Reset();
                    return;
                }

                await call.StartStreamAsync(Prompt);
                await call.ChunkAsync(Event(1) + "data: [DONE]\n\n");
                await call.EndAsync();
            };
        }

        using var response = await gateway.PostAsync(key, Chat, Hello);

        Assert.Equal(Event(1) + "data: [DONE]\n\n", await response.Content.ReadAsStringAsync());
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.Completed, new Units(9, Output: 1), 2), (row.Outcome, row.Units, row.Attempt));
    }

    [Theory]
    [InlineData(7, 7)] // The worker had generated more than went out: it is billed.
    [InlineData(1, 2)] // Never below what went out.
    [InlineData(500, 20)] // Never above the hold.
    public async Task A_client_that_leaves_mid_stream_pays_to_the_token_at_which_the_worker_stopped(int confirmed, int billed)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.OnCancel = _ => new Cancelled(true, new Units(9, Output: confirmed));
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(Prompt);
            await call.ChunkAsync(Event(1) + Event(2));
            await call.WaitForResetAsync();
        };

        var requestId = await LeaveAfterAsync(gateway, key, Event(1) + Event(2));

        var row = await gateway.Plane.WaitForUsageAsync(requestId);
        Assert.Equal((Outcome.ClientLeft, new Units(9, Output: billed), 2L), (row.Outcome, row.Units, row.Delivered));
        Assert.Equal(requestId[4..], Assert.Single(gateway.Worker.CancelledRequests).ToString("N"));
    }

    [Fact]
    public async Task A_cancel_call_without_an_answer_bills_the_last_id()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.OnCancel = _ => null;
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(Prompt);
            await call.ChunkAsync(Event(3));
            await call.WaitForResetAsync();
        };

        var requestId = await LeaveAfterAsync(gateway, key, Event(3));

        // The worker may be dead, and R2 looks for a line in the log of every worker that ended its part.
        Assert.Equal(
            (Outcome.FailedAfterFirstToken, new Units(9, Output: 3)), Charged(await gateway.Plane.WaitForUsageAsync(requestId)));
    }

    [Fact]
    public async Task A_client_that_leaves_before_the_first_event_pays_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        using var leave = new CancellationTokenSource();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(Prompt); // The headers alone are no event: nothing has gone out to the client.
            await leave.CancelAsync();
            await call.WaitForResetAsync();
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => gateway.Http.SendAsync(GatewayUnderTest.Post(key, Chat, Hello), leave.Token));

        await Until.TrueAsync(() => !gateway.Worker.CancelledRequests.IsEmpty, "the cancel call");
        var row = await gateway.Plane.WaitForUsageAsync($"req_{gateway.Worker.CancelledRequests.Single():N}");
        Assert.Equal((Outcome.ClientLeftBeforeFirstToken, default(Units)), Charged(row));
    }

    [Fact]
    public async Task A_stream_that_falls_silent_is_cancelled_and_ends_in_an_error_frame()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(1, "--Forwarding:IdleTimeout=00:00:00.200");
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(Prompt);
            await call.ChunkAsync(Event(1));
            await call.WaitForResetAsync();
        };

        using var response = await gateway.PostAsync(key, Chat, Hello);
        var text = await response.Content.ReadAsStringAsync();

        Assert.Contains("upstream_timeout", text, StringComparison.Ordinal);
        Assert.Single(gateway.Worker.CancelledRequests);
        Assert.Equal(
            (Outcome.FailedAfterFirstToken, new Units(9, Output: 1)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(response))));
    }

    [Fact]
    public async Task A_worker_without_a_first_event_in_time_is_told_as_an_error()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(1, "--Forwarding:FirstEventTimeout=00:00:00.200");
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(Prompt);
            await call.ChunkAsync(": waiting\n\n");
            await call.WaitForResetAsync();
        };

        using var response = await gateway.PostAsync(key, Chat, Hello);

        await ErrorTests.AssertErrorAsync(response, 504, "upstream_timeout");
        Assert.Equal((Outcome.FailedBeforeFirstToken, default(Units)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(response))));
    }

    [Fact]
    public async Task An_empty_stream_costs_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(Prompt);
            await call.ChunkAsync(Event(0, "") + "data: [DONE]\n\n");
            await call.EndAsync();
        };

        using var response = await gateway.PostAsync(key, Chat, Hello);
        await response.Content.ReadAsStringAsync();

        Assert.Equal((Outcome.Empty, default(Units)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(response))));
    }

    [Fact]
    public async Task A_stopping_gateway_finishes_its_streams_and_cuts_those_that_take_too_long()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(1, "--Forwarding:DrainTimeout=00:00:00.500");
        var key = await gateway.CreateKeyAsync();
        var stopping = new TaskCompletionSource();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(Prompt);
            await call.ChunkAsync(Event(1));
            await stopping.Task;
            await call.ChunkAsync(Event(2));
            if (gateway.Worker.Calls.Count == 2 && call == gateway.Worker.Calls.Last())
            {
                await call.WaitForResetAsync(); // The second stream never ends by itself.
            }
            else
            {
                await call.ChunkAsync("data: [DONE]\n\n");
                await call.EndAsync();
            }
        };
        using var finished = await gateway.PostAsync(key, Chat, Hello);
        using var cut = await gateway.PostAsync(key, Chat, Hello);

        var stop = gateway.App.StopAsync();
        stopping.SetResult();
        var first = await finished.Content.ReadAsStringAsync();
        var second = await cut.Content.ReadAsStringAsync();
        await stop;

        Assert.Equal(Event(1) + Event(2) + "data: [DONE]\n\n", first);
        Assert.StartsWith(Event(1) + Event(2) + "data: {\"error\":", second, StringComparison.Ordinal);
        Assert.Contains("server_shutting_down", second, StringComparison.Ordinal);
    }

    /// <summary>Reads exactly <paramref name="text"/> and hangs up.</summary>
    private static async Task<string> LeaveAfterAsync(GatewayUnderTest gateway, TestKey key, string text)
    {
        using var response = await gateway.PostAsync(key, Chat, Hello);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        await stream.ReadExactlyAsync(bytes);
        Assert.Equal(text, Encoding.UTF8.GetString(bytes));
        return RequestId(response);
    }
}
