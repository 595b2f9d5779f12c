using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;
using static Tollgate.Gateway.Tests.Forwarding.UnaryTests;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>What Anthropic's clients meet at a gateway: how they show their key, how answers and errors look, what is counted.</summary>
public sealed class MessagesTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private const string Path = "/v1/messages";
    private const string CountPath = "/v1/messages/count_tokens";
    private const string Hello = """{"model":"tiny-assistant","max_tokens":20,"messages":[{"role":"user","content":"Hi"}]}""";
    private const string Count = """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]}""";
    private static readonly string HelloStream = Hello[..^1] + ",\"stream\":true}";

    private GatewayUnderTest Gateway => shared.Gateway;

    [Theory]
    [InlineData(Path, Hello)]
    [InlineData("/v1/chat/completions", """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]}""")]
    public async Task A_key_may_stand_in_either_header_or_in_both(string path, string body)
    {
        Gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4));
        var key = await Gateway.CreateKeyAsync();

        using var named = await SendAsync(path, body, bearer: null, named: key.Text);
        using var both = await SendAsync(path, body, bearer: key.Text, named: key.Text);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (named.StatusCode, both.StatusCode));
        Assert.Equal(key.Record.KeyId, (await Gateway.Plane.WaitForUsageAsync(RequestId(named))).KeyId);
    }

    [Fact]
    public async Task Two_different_keys_are_refused_although_each_is_good()
    {
        var (one, other) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());

        using var response = await SendAsync(Path, Hello, one.Text, other.Text);

        await ErrorTests.AssertErrorAsync(response, 401, "conflicting_api_keys");
    }

    [Fact]
    public async Task A_wrong_key_in_the_second_header_is_refused_like_one_in_the_first()
    {
        var unknown = ApiKeyText.Create();

        using var response = await SendAsync(Path, Hello, bearer: null, unknown.Text);
        var text = await response.Content.ReadAsStringAsync();

        await ErrorTests.AssertErrorAsync(response, 401, "invalid_api_key");
        Assert.Contains("\"authentication_error\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain(unknown.Secret, text, StringComparison.Ordinal);
        Assert.Equal($"\"{Header(response, "request-id")}\"", JsonElement.Parse(text).GetProperty("request_id").GetRawText());
    }

    [Fact]
    public async Task An_answer_has_Anthropics_headers_beside_the_usual_ones()
    {
        Gateway.Worker.Script = call => call.AnswerAsync("""{"type":"message"}""", new Units(9, Output: 4));
        var key = await Gateway.CreateKeyAsync();

        using var response = await SendAsync(Path, Hello, bearer: null, key.Text);

        Assert.Equal("""{"type":"message"}""", await response.Content.ReadAsStringAsync());
        Assert.Equal(Header(response, "x-request-id"), Header(response, "request-id"));
        Assert.Equal($"org-{key.Record.OrganizationId:N}", Header(response, "anthropic-organization-id"));
        Assert.Equal("60", Header(response, "anthropic-ratelimit-requests-limit"));
        Assert.Equal(
            Header(response, "x-ratelimit-remaining-requests"), Header(response, "anthropic-ratelimit-requests-remaining"));
        Assert.Equal(Header(response, "x-ratelimit-remaining-tokens"), Header(response, "anthropic-ratelimit-tokens-remaining"));
        foreach (var reset in new[] { "requests", "tokens" })
        {
            var at = DateTimeOffset.ParseExact(
                Header(response, $"anthropic-ratelimit-{reset}-reset"), "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal);
            Assert.InRange(at, response.Headers.Date!.Value.AddMinutes(-1), response.Headers.Date.Value.AddMinutes(5));
        }
    }

    [Fact]
    public async Task A_stream_is_passed_on_byte_for_byte_and_billed_by_its_last_id()
    {
        var whole = Event(0, "message_start") + Event(1, "content_block_start") + Event(5, "content_block_delta")
            + Event(5, "content_block_stop") + Event(6, "message_delta") + Event(6, "message_stop");
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(new Units(9));
            await call.ChunkAsync(whole);
            await call.EndAsync();
        };

        using var response = await Gateway.PostAsync(key, Path, HelloStream);

        Assert.Equal(whole, await response.Content.ReadAsStringAsync());
        var row = await Gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal(
            (Outcome.Completed, new Units(9, Output: 6), "messages", true), (row.Outcome, row.Units, row.Endpoint, row.Streamed));
    }

    [Theory]
    [InlineData("", "api_error")] // The worker ends cleanly, but without message_stop.
    [InlineData("id: 5\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}\n\n", "api_error")]
    [InlineData("id: 21\nevent: content_block_delta\ndata: {}\n\n", "api_error")] // Above the hold.
    public async Task A_stream_that_breaks_ends_with_an_error_event(string last, string type)
    {
        var key = await Gateway.CreateKeyAsync();
        var begun = new SemaphoreSlim(0);
        Gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(new Units(9));
            await call.ChunkAsync(Event(0, "message_start") + Event(5, "content_block_delta"));
            await begun.WaitAsync(); // What breaks before its first event has gone out is answered as an error.
            if (last.Length > 0)
            {
                await call.ChunkAsync(last); // An empty chunk would be the end.
            }

            await call.EndAsync();
        };

        using var response = await Gateway.PostAsync(key, Path, HelloStream);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("id: 0", await reader.ReadLineAsync());
        begun.Release();
        var lines = (await reader.ReadToEndAsync()).TrimEnd('\n').Split('\n');

        Assert.Equal("event: error", lines[^2]);
        var data = JsonElement.Parse(lines[^1]["data: ".Length..]);
        Assert.Equal(("error", type), (data.GetProperty("type").GetString(), data.GetProperty("error").GetProperty("type").GetString()));
        var row = await Gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.FailedAfterFirstToken, new Units(9, Output: 5)), (row.Outcome, row.Units));
    }

    [Fact]
    public async Task A_count_is_asked_of_a_worker_and_is_free()
    {
        var (path, bound) = ("", "");
        Gateway.Worker.Script = call =>
        {
            path = call.Path;
            bound = call.Head.Split("\r\n").Single(line => line.StartsWith("x-tollgate-bound", StringComparison.OrdinalIgnoreCase));
            return call.AnswerAsync("""{"input_tokens":10}""", default(Units));
        };
        var key = await Gateway.CreateKeyAsync(key => key with { Limits = new Limits { BudgetPerDayNanoUsd = 0, TokensPerMinute = 1 } });

        using var response = await SendAsync(CountPath, Count, bearer: null, key.Text);

        Assert.Equal("""{"input_tokens":10}""", await response.Content.ReadAsStringAsync());
        Assert.Equal(CountPath, path);
        Assert.EndsWith(": 0,0,0,0,0,0", bound, StringComparison.Ordinal);
        var row = await Gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.Completed, default(Units), "messages"), (row.Outcome, row.Units, row.Endpoint));
        Assert.Equal((0, 0), await Gateway.TillAsync(key));
    }

    [Fact]
    public async Task A_count_counts_against_the_limits_of_requests_and_needs_the_scope()
    {
        Gateway.Worker.Script = call => call.AnswerAsync("""{"input_tokens":10}""", default(Units));
        var key = await Gateway.CreateKeyAsync(key => key with { Limits = new Limits { RequestsPerMinute = 1 } });
        var other = await Gateway.CreateKeyAsync(key => key with { Scopes = ["chat.completions"] });

        using var first = await Gateway.PostAsync(key, CountPath, Count);
        using var second = await Gateway.PostAsync(key, CountPath, Count);
        using var noScope = await Gateway.PostAsync(other, CountPath, Count);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        await ErrorTests.AssertErrorAsync(second, 429, "rate_limit_exceeded");
        Assert.NotNull(second.Headers.RetryAfter);
        await ErrorTests.AssertErrorAsync(noScope, 403, "missing_scope");
    }

    [Fact]
    public async Task A_kept_answer_is_sent_again_and_a_count_is_another_request()
    {
        Gateway.Worker.Script = call => call.AnswerAsync($$"""{"id":"{{Guid.NewGuid()}}"}""", new Units(9, Output: 4));
        var key = await Gateway.CreateKeyAsync();
        var once = Guid.NewGuid().ToString();

        using var first = await SendAsync(Path, Hello, bearer: null, key.Text, once);
        using var again = await SendAsync(Path, Hello, bearer: null, key.Text, once);
        using var count = await SendAsync(CountPath, Count, bearer: null, key.Text, once);

        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal("true", Header(again, "idempotency-replayed"));
        await ErrorTests.AssertErrorAsync(count, 409, "idempotency_key_reused");
    }

    [Theory]
    [InlineData("GET", Path, null, 405, "method_not_supported")]
    [InlineData("POST", "/v1/messages/batches", null, 404, "unknown_url")]
    [InlineData("GET", "/v1/skills", "2023-06-01", 404, "unknown_url")]
    public async Task A_URL_that_is_none_is_answered_in_Anthropics_shape(
        string method, string path, string? version, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (version is not null)
        {
            request.Headers.Add("anthropic-version", version);
        }

        using var response = await Gateway.Http.SendAsync(request);

        await ErrorTests.AssertErrorAsync(response, status, code);
        Assert.True(SentError.Read(JsonElement.Parse(await response.Content.ReadAsStringAsync())).Shape == ErrorShape.Anthropic);
    }

    [Fact]
    public async Task Models_are_listed_in_the_shape_of_the_client_that_asks()
    {
        var key = await Gateway.CreateKeyAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Add("x-api-key", key.Text);
        request.Headers.Add("anthropic-version", "2023-06-01");

        using var response = await Gateway.Http.SendAsync(request);
        var list = JsonElement.Parse(await response.Content.ReadAsStringAsync());

        var model = list.GetProperty("data").EnumerateArray().Single(model => model.GetProperty("id").GetString() == "tiny-assistant");
        Assert.Equal(
            ("model", "2023-11-14T22:13:20Z"), (model.GetProperty("type").GetString(), model.GetProperty("created_at").GetString()));
        Assert.False(list.GetProperty("has_more").GetBoolean());
    }

    [Fact]
    public async Task Every_header_of_an_answer_stands_in_the_document()
    {
        Gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4), headers: "x-tollgate-queue-ms: 3\r\n");
        var key = await Gateway.CreateKeyAsync();
        var document = JsonElement.Parse(await Gateway.Http.GetStringAsync("/openapi/v1.json"));

        using var good = await SendAsync(Path, Hello, bearer: null, key.Text);
        using var bad = await SendAsync(Path, "{}", bearer: null, key.Text);
        using var none = await SendAsync(Path, Hello, bearer: null, named: null);

        foreach (var response in new[] { good, bad, none })
        {
            var documented = document.GetProperty("paths").GetProperty(Path).GetProperty("post").GetProperty("responses")
                .GetProperty($"{(int)response.StatusCode}").GetProperty("headers");
            Assert.DoesNotContain(response.Headers.Select(header => header.Key.ToLowerInvariant()), name =>
                (name.StartsWith("anthropic", StringComparison.Ordinal) || name.Contains("request", StringComparison.Ordinal))
                && !documented.TryGetProperty(name, out _));
        }
    }

    private static string Event(int id, string type) => $"id: {id}\nevent: {type}\ndata: {{\"type\":\"{type}\"}}\n\n";

    private static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();

    private Task<HttpResponseMessage> SendAsync(string path, string body, string? bearer, string? named, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in new[]
        {
            ("Authorization", bearer is null ? null : $"Bearer {bearer}"), ("x-api-key", named), ("Idempotency-Key", idempotencyKey),
            ("anthropic-version", "2023-06-01"), ("anthropic-beta", "anything-2026-01-01"),
        })
        {
            if (value is not null)
            {
                request.Headers.Add(name, value);
            }
        }

        return Gateway.Http.SendAsync(request);
    }
}
