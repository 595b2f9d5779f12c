using System.Net;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Forwarding;

public sealed class UnaryTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Hello = """{"model":"text-davinci-002","messages":[{"role":"user","content":"Hi"}]}""";

    [Fact]
    public async Task An_answer_is_passed_on_with_the_right_headers_and_billed_once()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call => call.AnswerAsync(
            """{"id":"chatcmpl-1","model":"tiny-assistant"}""", new Units(9, Output: 4),
            headers: "x-tollgate-queue-ms: 3\r\nx-secret: no\r\nServer: x\r\n");

        using var response = await gateway.PostAsync(key, Chat, Hello);

        Assert.Equal("""{"id":"chatcmpl-1","model":"tiny-assistant"}""", await response.Content.ReadAsStringAsync());
        Assert.Equal($"proj_{key.Record.ProjectId:N}", response.Headers.GetValues("openai-project").Single());
        Assert.Equal("3", response.Headers.GetValues("x-tollgate-queue-ms").Single());
        Assert.False(response.Headers.Contains("x-secret"));
        Assert.False(response.Headers.Contains(Units.Header));
        Assert.Equal("59", response.Headers.GetValues("x-ratelimit-remaining-requests").Single());
        Assert.Equal("1s", response.Headers.GetValues("x-ratelimit-reset-requests").Single());
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.Completed, new Units(9, Output: 4), 4L, 1), (row.Outcome, row.Units, row.Delivered, row.Attempt));
        Assert.Equal(("tiny-assistant", "chat.completions", false), (row.Model, row.Endpoint, row.Streamed));
    }

    [Fact]
    public async Task The_worker_gets_the_real_name_the_cap_and_none_of_the_clients_own_headers()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        using var request = GatewayUnderTest.Post(key, "/v1/engines/text-davinci-002/completions", """{"prompt":"Once","stop":null}""");
        request.Headers.Add("x-tollgate-organization", "00000000000000000000000000000000");
        request.Headers.Add("Cookie", "a=b");

        using var response = await gateway.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var call = Assert.Single(gateway.Worker.Calls);
        Assert.Equal("/v1/completions", call.Path);
        using var body = JsonDocument.Parse(call.Body);
        Assert.Equal("tiny-assistant", body.RootElement.GetProperty("model").GetString());
        Assert.Equal(16, body.RootElement.GetProperty("max_tokens").GetInt32()); // OpenAI's default of the older endpoint.
        Assert.Contains($"x-tollgate-organization: {key.Record.OrganizationId:N}", call.Head, StringComparison.Ordinal);
        Assert.Contains($"x-tollgate-request-id: {RequestId(response)[4..]}", call.Head, StringComparison.Ordinal);
        // "Once" and 3 for the text.
        Assert.Contains($"{WorkerHeaders.Bound}: {new Units(4 + 3, Output: 16)}", call.Head, StringComparison.Ordinal);
        Assert.DoesNotContain("Cookie", call.Head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(key.Text, call.Head, StringComparison.Ordinal);
        Assert.DoesNotContain("00000000000000000000000000000000", call.Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_the_model_left_empty_costs_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9));

        using var empty = await gateway.PostAsync(key, Chat, Hello);
        using var stopped = await gateway.PostAsync(key, Chat, Hello.Replace("}]}", "}],\"stop\":\"x\"}", StringComparison.Ordinal));
        using var ended = await gateway.PostAsync(
            key, Chat, Hello.Replace("}]}", "}],\"stop_token_ids\":[7]}", StringComparison.Ordinal));
        using var vectors = await gateway.PostAsync(key, "/v1/embeddings", """{"model":"tiny-embed","input":"Hi there, you"}""");

        Assert.Equal((Outcome.Empty, default(Units)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(empty))));
        Assert.Equal((Outcome.Completed, new Units(9)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(stopped))));
        Assert.Equal((Outcome.Completed, new Units(9)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(ended))));
        Assert.Equal((Outcome.Completed, new Units(9)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(vectors))));
        Assert.Equal("tiny-embed", vectors.Headers.GetValues("openai-model").Single());
    }

    [Theory]
    [InlineData(400,
        """{"error":{"message":"Too long.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""",
        400, "context_length_exceeded")]
    [InlineData(429, """{"error":{"message":"Full.","type":"rate_limit_error","param":null,"code":"slow_down"}}""", 429, "slow_down")]
    [InlineData(500, """{"stack":"at Secret.Place"}""", 502, "upstream_error")]
    [InlineData(401, """{"error":{"message":"bearer"}}""", 502, "upstream_error")]
    [InlineData(302, "", 502, "upstream_error")]
    public async Task A_workers_refusal_is_told_in_the_apis_shape_and_costs_nothing(int status, string body, int told, string code)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call => call.AnswerAsync(body, status: status);

        using var response = await gateway.PostAsync(key, Chat, Hello);

        await ErrorTests.AssertErrorAsync(response, told, code);
        Assert.Equal((Outcome.FailedBeforeFirstToken, default(Units)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(response))));
    }

    [Fact]
    public async Task A_worker_that_dies_with_no_other_to_try_is_a_503_that_says_when_to_ask_again()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call =>
        {
            call.Reset();
            return Task.CompletedTask;
        };

        using var response = await gateway.PostAsync(key, Chat, Hello);

        await ErrorTests.AssertErrorAsync(response, 503, "model_unavailable");
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Equal((Outcome.FailedBeforeFirstToken, default(Units)), Charged(await gateway.Plane.WaitForUsageAsync(RequestId(response))));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")] // No units.
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-tollgate-units: 1,0,9999,0,0,0\r\n\r\n{}")] // More than the hold.
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-tollgate-units: 1,0,1,0,0,1\r\n\r\n{}")] // An image that the hold lacks.
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-tollgate-units: 1,0,-1,0,0,0\r\n\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99\r\nx-tollgate-units: 1,0,1,0,0,0\r\n\r\n{}")] // Dies in the middle of the body.
    [InlineData("")]
    public async Task A_worker_that_breaks_the_rules_or_dies_costs_nothing_and_another_answers(string bytes)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(workers: 2);
        var key = await gateway.CreateKeyAsync();
        var broken = 0;
        foreach (var worker in gateway.Workers)
        {
            worker.Script = async call =>
            {
                if (Interlocked.Increment(ref broken) == 1)
                {
                    await call.WriteAsync(bytes);
                    call.Reset();
                }
                else
                {
                    await call.AnswerAsync("{}", new Units(3, Output: 2));
                }
            };
        }

        using var response = await gateway.PostAsync(key, Chat, Hello);

        Assert.Equal("{}", await response.Content.ReadAsStringAsync());
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.Completed, new Units(3, Output: 2), 2), (row.Outcome, row.Units, row.Attempt));
    }

    [Fact]
    public async Task A_worker_that_is_away_is_passed_over_at_once()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(workers: 2, "--Routing:PollInterval=00:01:00");
        var key = await gateway.CreateKeyAsync();
        await gateway.Workers[0].DisposeAsync();

        for (var i = 0; i < 4; i++)
        {
            using var response = await gateway.PostAsync(key, Chat, Hello);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.False(gateway.Pool.Workers[0].Healthy);
    }

    [Fact]
    public async Task Without_any_worker_the_client_is_told_to_come_back_and_nothing_is_charged()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Status = ScriptedWorker.StatusOf("worker-1", draining: true);
        await Until.TrueAsync(() => gateway.Pool.Pick("tiny-assistant") is null, "the worker to drain");

        using var response = await gateway.PostAsync(key, Chat, Hello);

        await ErrorTests.AssertErrorAsync(response, 503, "model_unavailable");
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.FailedBeforeFirstToken, default(Units), 0), (row.Outcome, row.Units, row.Attempt));
    }

    [Fact]
    public async Task A_worker_that_is_silent_for_too_long_is_cancelled_and_the_client_told()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(1, "--Forwarding:AnswerTimeout=00:00:00.200");
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call => call.WaitForResetAsync();

        using var response = await gateway.PostAsync(key, Chat, Hello);

        await ErrorTests.AssertErrorAsync(response, 504, "upstream_timeout");
        Assert.Equal(RequestId(response)[4..], Assert.Single(gateway.Worker.CancelledRequests).ToString("N"));
    }

    [Fact]
    public async Task A_client_that_leaves_before_the_answer_pays_nothing_and_frees_the_worker()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        using var leave = new CancellationTokenSource();
        gateway.Worker.OnCancel = _ => new Cancelled(true, new Units(9, Output: 5));
        gateway.Worker.Script = async call =>
        {
            await leave.CancelAsync();
            await call.WaitForResetAsync();
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => gateway.Http.SendAsync(GatewayUnderTest.Post(key, Chat, Hello), leave.Token));

        var id = await Until.ValueAsync(
            () =>
            Task.FromResult(gateway.Worker.CancelledRequests.TryPeek(out var cancelled) ? (object)cancelled : null), "the cancel call");
        var row = await gateway.Plane.WaitForUsageAsync($"req_{id:N}");
        Assert.Equal((Outcome.ClientLeftBeforeFirstToken, default(Units)), Charged(row));
    }

    internal static string RequestId(HttpResponseMessage response) => response.Headers.GetValues("x-request-id").Single();

    internal static (Outcome Outcome, Units Units) Charged(UsageEvent row) => (row.Outcome, row.Units);
}
