using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Calls;

public sealed class ErrorTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private const string Chat = "/v1/chat/completions";
    private const string Hello = """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]}""";

    private GatewayUnderTest Gateway => shared.Gateway;

    [Theory]
    [InlineData("GET", "/v1/unknown", 404, "unknown_url", null)]
    [InlineData("POST", "/v1", 404, "unknown_url", null)]
    [InlineData("DELETE", "/v1/engines/x/completion", 404, "unknown_url", null)]
    [InlineData("GET", "/v1/chat/completions", 405, "method_not_supported", "POST")]
    [InlineData("PUT", "/v1/embeddings", 405, "method_not_supported", "POST")]
    [InlineData("GET", "/v1/engines/x/completions", 405, "method_not_supported", "POST")]
    [InlineData("DELETE", "/v1/models/tiny-assistant", 405, "method_not_supported", "GET, HEAD")]
    [InlineData("POST", "/v1/models", 405, "method_not_supported", "GET, HEAD")]
    [InlineData("POST", "/docs", 405, "method_not_supported", "GET, HEAD")]
    [InlineData("DELETE", "/openapi/v1.json", 405, "method_not_supported", "GET, HEAD")]
    public async Task An_unknown_url_or_method_is_refused_in_the_apis_own_shape(
        string method, string path, int status, string code, string? allow)
    {
        using var response = await Gateway.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        await AssertErrorAsync(response, status, code);
        Assert.Equal(allow ?? "", string.Join(", ", response.Content.Headers.Allow));
    }

    [Theory]
    [InlineData("POST", "/v1/chat/completions")]
    [InlineData("POST", "/v1/completions")]
    [InlineData("POST", "/v1/engines/tiny-assistant/completions")]
    [InlineData("POST", "/v1/embeddings")]
    [InlineData("POST", "/v1/messages")]
    [InlineData("POST", "/v1/messages/count_tokens")]
    [InlineData("GET", "/v1/models")]
    [InlineData("GET", "/v1/models/tiny-assistant")]
    [InlineData("POST", "/v2/models/tiny-assistant/infer")]
    [InlineData("GET", "/v2")]
    [InlineData("GET", "/v2/models/tiny-assistant")]
    [InlineData("GET", "/v2/models/tiny-assistant/ready")]
    [InlineData("GET", "/v2/models/tiny-assistant/versions/1")]
    [InlineData("GET", "/v2/models/tiny-assistant/versions/1/ready")]
    public async Task No_key_and_a_wrong_key_are_refused_on_every_route(string method, string path)
    {
        using var without = await Gateway.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        using var wrong = await Gateway.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path)
        {
            Headers = { Authorization = new("Bearer", ApiKeyText.Create().Text) },
        });

        await AssertErrorAsync(without, 401, null);
        await AssertErrorAsync(wrong, 401, "invalid_api_key");
        Assert.StartsWith("Bearer", wrong.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.False(wrong.Headers.Contains("openai-organization"));
        Assert.DoesNotContain(wrong.Headers, header => header.Key.StartsWith("x-ratelimit", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData(Chat, """{"model":"nobody","messages":[{"role":"user","content":"Hi"}]}""", 404, "model_not_found")]
    [InlineData(Chat, """{"model":"hidden","messages":[{"role":"user","content":"Hi"}]}""", 404, "model_not_found")]
    [InlineData(Chat, """{"model":"priceless","messages":[{"role":"user","content":"Hi"}]}""", 404, "model_not_available")]
    [InlineData(Chat, """{"model":"tiny-embed","messages":[{"role":"user","content":"Hi"}]}""", 404, "model_not_supported")]
    [InlineData("/v1/embeddings", """{"model":"tiny-assistant","input":"Hi"}""", 404, "model_not_supported")]
    [InlineData(Chat, """{"model":"tiny-assistant"}""", 400, "missing_required_parameter")]
    [InlineData(Chat, """{"model":""", 400, null)]
    [InlineData(Chat, "", 400, null)]
    [InlineData("/v1/engines/nobody/completions", """{"prompt":"Hi"}""", 404, "model_not_found")]
    public async Task A_bad_request_is_refused_and_never_reaches_a_worker(string path, string body, int status, string? code)
    {
        var key = await Gateway.CreateKeyAsync();
        var before = Gateway.Worker.Calls.Count;

        using var response = await Gateway.PostAsync(key, path, body);

        await AssertErrorAsync(response, status, code);
        Assert.Equal($"org-{key.Record.OrganizationId:N}", response.Headers.GetValues("openai-organization").Single());
        Assert.Equal("60", response.Headers.GetValues("x-ratelimit-limit-requests").Single());
        Assert.Equal(before, Gateway.Worker.Calls.Count);
    }

    [Fact]
    public async Task Every_bad_member_is_refused_with_its_name()
    {
        var key = await Gateway.CreateKeyAsync(key => key with { Limits = Limits.None });
        foreach (var bad in BadRequests.All)
        {
            using var response = await Gateway.PostAsync(key, bad.Path, bad.Body);

            var text = await response.Content.ReadAsStringAsync();
            Assert.True((int)response.StatusCode == bad.Status, $"{bad}: {(int)response.StatusCode} {text}");
            using var body = JsonDocument.Parse(text);
            var error = SentError.Read(body.RootElement, response);
            Assert.Equal((bad.Code, bad.Param), (error.Code, error.Param));
        }
    }

    [Theory]
    [InlineData("text/plain", null, 415)]
    [InlineData("application/x-www-form-urlencoded", null, 415)]
    [InlineData("application/json; charset=utf-16", null, 415)]
    [InlineData("application/json; charset=iso-8859-1", null, 415)]
    [InlineData("application/jsonp", null, 415)]
    [InlineData("; charset=utf-8", null, 415)]
    [InlineData("application/json", "gzip", 415)]
    public async Task A_body_that_is_not_plain_json_is_refused_by_its_headers(string type, string? encoding, int status)
    {
        var key = await Gateway.CreateKeyAsync();
        using var request = GatewayUnderTest.Post(key, Chat, Hello);
        request.Content!.Headers.Remove("Content-Type");
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (encoding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(encoding);
        }

        using var response = await Gateway.Http.SendAsync(request);

        await AssertErrorAsync(response, status, "unsupported_content_type");
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json;charset=UTF-8")]
    [InlineData("application/json; charset=\"utf-8\"")]
    [InlineData("application/json; charset='utf-8'")]
    [InlineData("application/json; charset=utf8")]
    [InlineData("application/json ; charset = Utf_8 ")]
    [InlineData("application/json; charset=us-ascii")]
    [InlineData("APPLICATION/JSON; charset=ASCII; version=1")]
    [InlineData("application/json; charset=")]
    [InlineData("application/json;")]
    [InlineData("application/vnd.api+json; profile=\"a;b\"; charset=utf-8")]
    public async Task Every_spelling_of_json_in_utf8_is_read(string type)
    {
        var key = await Gateway.CreateKeyAsync();
        using var request = GatewayUnderTest.Post(key, Chat, """{"model":7}""");
        request.Content!.Headers.Remove("Content-Type");
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);

        using var response = await Gateway.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode); // Read as far as the wrong member.
        Assert.Contains("'model'", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_above_the_limit_is_refused_before_it_is_read()
    {
        var key = await Gateway.CreateKeyAsync();
        using var client = new TcpClient();
        var address = new Uri(Gateway.App.Url(ListenerKind.Public));
        await client.ConnectAsync(address.Host, address.Port);
        var stream = client.GetStream();

        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {Chat} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key.Text}\r\n"
            + "Content-Type: application/json\r\nContent-Length: 10485760\r\n\r\n{"));
        var answer = await new StreamReader(stream).ReadLineAsync();

        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_body_of_unknown_length_is_refused_at_the_limit()
    {
        var key = await Gateway.CreateKeyAsync();
        using var request = GatewayUnderTest.Post(key, Chat, Hello);
        request.Content =
            new StreamContent(new MemoryStream(new byte[5 * 1024 * 1024])) { Headers = { ContentType = new("application/json") } };
        request.Headers.TransferEncodingChunked = true;

        using var response = await Gateway.Http.SendAsync(request);

        await AssertErrorAsync(response, 413, "request_too_large");
    }

    [Fact]
    public async Task A_key_confined_to_other_endpoints_is_refused()
    {
        var key = await Gateway.CreateKeyAsync(key => key with { Scopes = [PublicEndpoint.Embeddings.Scope] });

        using var response = await Gateway.PostAsync(key, Chat, Hello);

        await AssertErrorAsync(response, 403, "missing_scope");
    }

    [Fact]
    public async Task A_key_confined_to_other_models_sees_none_and_calls_none()
    {
        var key = await Gateway.CreateKeyAsync(key => key with { ModelsDenied = ["tiny-assistant"] });

        using var response = await Gateway.PostAsync(key, Chat, Hello);
        using var list = await Gateway.Http.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = key.Bearer } });

        await AssertErrorAsync(response, 404, "model_not_found");
        var body = await list.Content.ReadAsStringAsync();
        Assert.DoesNotContain("tiny-assistant", body, StringComparison.Ordinal);
        Assert.DoesNotContain("text-davinci-002", body, StringComparison.Ordinal);
        Assert.Contains("tiny-embed", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_key_is_refused_by_the_next_request_whatever_it_asks()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(1, Output: 1));
        using (var before = await Gateway.PostAsync(key, Chat, Hello))
        {
            Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        }

        await Gateway.PublishAsync(
            key.Record with { State = KeyState.Revoked, Version = GatewayUnderTest.NextVersion() });
        using var post = await Gateway.PostAsync(key, Chat, Hello);
        using var bad = await Gateway.PostAsync(key, Chat, "{");
        using var get = await Gateway.Http.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = key.Bearer } });

        Assert.All([post, bad, get], response => Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode));
    }

    [Fact]
    public async Task A_full_bucket_refuses_with_every_hint_that_clients_obey()
    {
        var key = await Gateway.CreateKeyAsync(key => key with { Limits = new Limits { RequestsPerMinute = 1 } });
        using var first = await Gateway.PostAsync(key, Chat, "{");

        using var second = await Gateway.PostAsync(key, Chat, Hello);

        await AssertErrorAsync(second, 429, "rate_limit_exceeded");
        Assert.Equal("key.rpm", second.Headers.GetValues("x-tollgate-binding-limit").Single());
        Assert.InRange(second.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        Assert.InRange(double.Parse(second.Headers.GetValues("retry-after-ms").Single()), 1, 60_000);
        Assert.Equal("0", second.Headers.GetValues("x-ratelimit-remaining-requests").Single());
    }

    internal static async Task AssertErrorAsync(HttpResponseMessage response, int status, string? code)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode}: {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        using var body = JsonDocument.Parse(text);
        var error = SentError.Read(body.RootElement, response);
        if (error.Shape == ErrorShape.OpenInference)
        {
            Assert.Equal(["error"], body.RootElement.EnumerateObject().Select(member => member.Name));
        }
        else
        {
            Assert.Equal(
                error.Shape == ErrorShape.Anthropic ? ["type", "message", "details"] : ["message", "type", "param", "code"],
                body.RootElement.GetProperty("error").EnumerateObject().Select(member => member.Name));
        }

        Assert.True(code == error.Code || (code is null && error.Shape == ErrorShape.OpenInference), $"{code} is {error.Code}");
        Assert.Matches("^req_[0-9a-f]{32}$", response.Headers.GetValues("x-request-id").Single());
        Assert.Equal("2020-10-01", response.Headers.GetValues("openai-version").Single());
        Assert.Equal("nosniff", response.Headers.GetValues("x-content-type-options").Single());
        Assert.Matches("^[0-9]+$", response.Headers.GetValues("openai-processing-ms").Single());
    }
}

/// <summary>One gateway for the tests of a class that do not change it.</summary>
public sealed class SharedGateway : IAsyncLifetime
{
    internal GatewayUnderTest Gateway { get; private set; } = null!;

    public async Task InitializeAsync() => Gateway = await GatewayUnderTest.StartAsync();

    public async Task DisposeAsync() => await Gateway.DisposeAsync();
}
