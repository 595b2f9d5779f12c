using System.Net;
using System.Net.Sockets;
using System.Text;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>Paths that are none of ours, or ours in a strange spelling.</summary>
public sealed class PathTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private GatewayUnderTest Gateway => shared.Gateway;

    [Theory]
    [InlineData("POST", "/chat/completions", "/v1/chat/completions")]
    [InlineData("POST", "/V1/chat/completions", "/v1/chat/completions")]
    [InlineData("POST", "//v1/chat/completions", "/v1/chat/completions")]
    [InlineData("POST", "/v1//chat/completions", "/v1/chat/completions")]
    [InlineData("POST", "/v1/v1/chat/completions", "/v1/chat/completions")]
    [InlineData("POST", "/api/v1/embeddings/", "/v1/embeddings")]
    [InlineData("POST", "/v2/completions", "/v1/completions")]
    [InlineData("POST", "/engines/text-davinci-002/completions", "/v1/engines/text-davinci-002/completions")]
    [InlineData("GET", "/models/tiny-assistant", "/v1/models/tiny-assistant")]
    [InlineData("GET", "/models", "/v1/models")]
    [InlineData("GET", "/V1/Chat/COMPLETIONS", "/v1/chat/completions")]
    [InlineData("GET", "/Models/Tiny", "/v1/models/Tiny")]
    [InlineData("POST", "/PREDICT", "/v1/predict")]
    [InlineData("POST", "/api/predict", "/v1/predict")]
    public async Task An_address_that_is_almost_ours_names_the_right_one(string method, string path, string meant)
    {
        using var response = await SendAsync(method, path);

        await ErrorTests.AssertErrorAsync(response, 404, "unknown_url");
        Assert.Contains($"Did you mean {meant}?", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v1")]
    [InlineData("/favicon.ico")]
    [InlineData("/internal/nothing")]
    [InlineData("/openapi/v2/x")]
    [InlineData("/docs/v2")]
    [InlineData("/docs/x.js")]
    public async Task Any_other_address_says_where_ours_begin(string path)
    {
        using var response = await SendAsync("GET", path);

        await ErrorTests.AssertErrorAsync(response, 404, "unknown_url");
        Assert.Contains("they begin with /v1", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/v1/models/tiny-assistant")]
    [InlineData("/v1/models/nobody")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/docs")]
    [InlineData("/docs/scalar.js")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Head_answers_as_get_without_the_body(string path)
    {
        var key = await Gateway.CreateKeyAsync();
        using var got = await SendAsync("GET", path, key);
        using var head = await SendAsync("HEAD", path, key);

        Assert.Equal(got.StatusCode, head.StatusCode);
        Assert.Equal(got.Content.Headers.ContentType?.ToString(), head.Content.Headers.ContentType?.ToString());
        Assert.True(path != "/v1/models" || head.Content.Headers.ContentLength == got.Content.Headers.ContentLength);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Head_asks_for_a_key_and_is_no_way_to_run_a_model()
    {
        using var keyless = await SendAsync("HEAD", "/v1/models");
        using var run = await SendAsync("HEAD", "/v1/chat/completions", await Gateway.CreateKeyAsync());
        using var predict = await SendAsync("GET", "/predict", await Gateway.CreateKeyAsync());

        Assert.Equal(HttpStatusCode.MethodNotAllowed, predict.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, keyless.StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, run.StatusCode);
        Assert.Equal("POST", Assert.Single(run.Content.Headers.Allow));
    }

    [Fact]
    public async Task No_spelling_of_a_path_is_an_error_of_ours()
    {
        const int Seed = 19;
        var random = new Random(Seed);
        string[] pieces =
        [
            "/", "//", "/v1", "/V1", "/v1/", "/models", "/models/", "/engines", "/completions", "/chat", "/predict", "/embeddings",
            "/health", "/live", "/internal", "/fleet", "/metrics", "/openapi", "/v1.json", "/.", "/..", "/%2e%2e", "/%2E", "%2F",
            "%2f%2F", "%5C", "\\", "%00", "%0a", "%0d%0aX: y", "%", "%zz", "%C3%28", "%ff%fe", "%F0%9F%98%80", "%ed%a0%80", "{", "}",
            "{rest}", ";a=b", "?", "?x=%", "??", "#", "*", ":", "@", "~", "'", "\"", "<", "|", "`", "^", "tiny-assistant", "sk-tg-x",
            new string('a', 3000), string.Concat(Enumerable.Repeat("/x", 400)),
        ];
        string[] methods = ["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"];
        var key = await Gateway.CreateKeyAsync();
        for (var i = 0; i < 1500; i++)
        {
            var path = "/" + string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => pieces[random.Next(pieces.Length)]));
            var target = random.Next(20) switch { 0 => "http://other.example" + path, 1 => path[1..], 2 => "*", _ => path };
            var method = methods[random.Next(methods.Length)];
            var status = await RawStatusAsync(
                $"{method} {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key.Text}\r\nConnection: close\r\n\r\n");
            Assert.True(status is >= 200 and < 500, $"seed {Seed}, call {i}: {method} {target} answered {status}");
        }
    }

    private async Task<int> RawStatusAsync(string request)
    {
        var address = new Uri(Gateway.App.Url(ListenerKind.Public));
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var line = await reader.ReadLineAsync() ?? "";
        return line.Split(' ') is [_, var status, ..] ? int.Parse(status, System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, TestKey? key = null)
    {
        var address = Gateway.App.Url(ListenerKind.Public);
        var request = new HttpRequestMessage(
            new HttpMethod(method),
            new Uri(address + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key.Text);
        }

        return await Gateway.Http.SendAsync(request);
    }
}
