using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Tests.Relays;

/// <summary>Files through the gateway: the key's rules hold as on every route, and bytes pass as they come.</summary>
public sealed class FileRelayTests(RelayFixture relay) : IClassFixture<RelayFixture>
{
    /// <summary>Every route, by method and path.</summary>
    public static TheoryData<string, string> Routes
    {
        get
        {
            var routes = new TheoryData<string, string>();
            foreach (var route in PublicEndpoint.Files.Routes)
            {
                routes.Add(route.Method, route.Path);
            }

            return routes;
        }
    }

    private GatewayUnderTest Gateway => relay.Gateway;

    [Fact]
    public async Task A_file_goes_through_and_comes_back_and_is_gone()
    {
        var key = await Gateway.CreateKeyAsync();
        var bytes = RandomNumberGenerator.GetBytes(2_500_000);

        var id = await CreateAsync(key, bytes);
        using var content = await SendAsync(key, "GET", $"/v1/files/{id}/content");
        using var ranged = new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{id}/content") { Headers = { Authorization = key.Bearer } };
        ranged.Headers.Range = new(7, 9);
        using var range = await Gateway.Http.SendAsync(ranged);
        using var deleted = await SendAsync(key, "DELETE", $"/v1/files/{id}");
        using var gone = await SendAsync(key, "GET", $"/v1/files/{id}");
        using var receipt = await SendAsync(key, "GET", $"/v1/files/{id}/receipt");

        Assert.Equal(bytes, await content.Content.ReadAsByteArrayAsync());
        Assert.Equal(("application/x-own", "attachment"), (
            content.Content.Headers.ContentType!.ToString(), content.Content.Headers.ContentDisposition!.DispositionType));
        Assert.True(content.Headers.Contains("openai-organization"));
        Assert.False(content.Headers.Contains("x-ratelimit-limit-requests"));
        Assert.Equal((206, "bytes 7-9/2500000"), ((int)range.StatusCode, range.Content.Headers.ContentRange!.ToString()));
        Assert.Equal(bytes[7..10], await range.Content.ReadAsByteArrayAsync());
        Assert.Equal((200, 200), ((int)deleted.StatusCode, (int)receipt.StatusCode));
        await ErrorTests.AssertErrorAsync(gone, 404, null);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task A_key_that_is_missing_revoked_or_without_the_scope_is_refused(string method, string path)
    {
        var others = PublicEndpoint.All.Select(endpoint => endpoint.Scope).Where(scope => scope != "files").ToArray();
        var revoked = await Gateway.CreateKeyAsync();
        var scopeless = await Gateway.CreateKeyAsync(key => key with { Scopes = others });
        using var before = await SendAsync(revoked, method, Fill(path));
        Assert.NotEqual(HttpStatusCode.Unauthorized, before.StatusCode);
        await Gateway.PublishAsync(revoked.Record with
        {
            State = KeyState.Revoked,
            Version = GatewayUnderTest.NextVersion(),
        });

        using var keyless = await SendAsync(null, method, Fill(path));
        using var noScope = await SendAsync(scopeless, method, Fill(path));
        using var after = await SendAsync(revoked, method, Fill(path));

        Assert.Equal(HttpStatusCode.Unauthorized, keyless.StatusCode);
        await ErrorTests.AssertErrorAsync(noScope, 403, "missing_scope");
        await ErrorTests.AssertErrorAsync(after, 401, "revoked_api_key");
    }

    [Fact]
    public async Task Posts_and_deletes_count_against_the_keys_requests_and_gets_do_not()
    {
        var key = await Gateway.CreateKeyAsync(key => key with { Limits = new Limits { RequestsPerMinute = 3 } });
        var statuses = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            using var response = await SendAsync(key, i % 2 == 0 ? "DELETE" : "POST", i % 2 == 0 ? "/v1/files/x" : "/v1/uploads/x/cancel");
            statuses.Add((int)response.StatusCode);
            using var get = await SendAsync(key, "GET", "/v1/files");
            Assert.Equal(200, (int)get.StatusCode);
        }

        Assert.Equal([404, 404, 404, 429], statuses);
    }

    [Fact]
    public async Task Another_project_or_organization_sees_no_file()
    {
        var mine = await Gateway.CreateKeyAsync();
        var sibling = await Gateway.CreateKeyAsync(key => key with { OrganizationId = mine.Record.OrganizationId });
        var colleague = await Gateway.CreateKeyAsync(
            key => key with { OrganizationId = mine.Record.OrganizationId, ProjectId = mine.Record.ProjectId });
        var other = await Gateway.CreateKeyAsync();
        var id = await CreateAsync(mine, [1]);

        foreach (var stranger in new[] { sibling, other })
        {
            foreach (var (method, path) in new[] { ("GET", ""), ("GET", "/content"), ("GET", "/receipt"), ("DELETE", "") })
            {
                using var response = await SendAsync(stranger, method, $"/v1/files/{id}{path}");
                await ErrorTests.AssertErrorAsync(response, 404, null);
            }
        }

        using var shown = await SendAsync(colleague, "GET", $"/v1/files/{id}");
        Assert.Equal(200, (int)shown.StatusCode);
    }

    [Fact]
    public async Task A_client_cannot_name_another_organization()
    {
        var (mine, other) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        var id = await CreateAsync(other, [1]);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{id}") { Headers = { Authorization = mine.Bearer } };
        request.Headers.Add("x-tollgate-organization", other.Record.OrganizationId.ToString("N"));
        request.Headers.Add("x-tollgate-project", other.Record.ProjectId.ToString("N"));
        request.Headers.Add("x-tollgate-key", other.Record.KeyId.ToString("N"));

        using var response = await Gateway.Http.SendAsync(request);

        await ErrorTests.AssertErrorAsync(response, 404, null);
    }

    [Fact]
    public async Task A_wrong_method_names_the_right_ones()
    {
        using var response = await SendAsync(null, "PATCH", "/v1/files/x");
        using var list = await SendAsync(null, "PUT", "/v1/files");

        await ErrorTests.AssertErrorAsync(response, 405, "method_not_supported");
        Assert.Equal(["DELETE", "GET", "HEAD"], response.Content.Headers.Allow.Order());
        Assert.Equal(["GET", "HEAD", "POST"], list.Content.Headers.Allow.Order());
    }

    [Fact]
    public async Task A_file_above_the_limit_is_refused_whether_its_length_is_stated_or_not()
    {
        var key = await Gateway.CreateKeyAsync();
        var stated = Form(new byte[3_000_001]);
        using var large = await SendAsync(key, "POST", "/v1/files", stated);
        using var endless = new HttpRequestMessage(HttpMethod.Post, "/v1/files")
        {
            Headers = { Authorization = key.Bearer, TransferEncodingChunked = true },
            Content = Form(new byte[3_500_000]),
        };
        using var chunked = await Gateway.Http.SendAsync(endless);

        foreach (var response in new[] { large, chunked })
        {
            await ErrorTests.AssertErrorAsync(response, 413, "file_too_large");
        }
    }

    [Fact]
    public async Task A_body_above_the_gateways_limit_is_cut_there()
    {
        var key = await Gateway.CreateKeyAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/files")
        {
            Headers = { Authorization = key.Bearer, TransferEncodingChunked = true },
            Content = Form(new byte[6_000_000], purposeFirst: false),
        };

        var answer = await TryAsync(request);

        Assert.True(answer is null or 413, $"{answer}"); // The server may hang up before the client reads.
    }

    [Theory]
    [InlineData("multipart/form-data", "x", 400)]
    [InlineData("multipart/form-data; boundary=b", "x", 400)]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx", 400)]
    [InlineData("text/plain", "x", 415)]
    [InlineData("application/json", "{}", 415)]
    public async Task A_body_that_is_no_form_gets_a_clear_error(string type, string body, int status)
    {
        var key = await Gateway.CreateKeyAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);

        using var response = await SendAsync(key, "POST", "/v1/files", content);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("invalid_request_error", await TypeAsync(response));
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_leaves_no_file()
    {
        var key = await Gateway.CreateKeyAsync();
        var address = new Uri(Gateway.App.Url(ListenerKind.Public));
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(address.Host, address.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /v1/files HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key.Text}\r\nContent-Length: 1000000\r\n"
                + "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
                + "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
                + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nxxxx"));
            await client.GetStream().FlushAsync();
        }

        using var list = await SendAsync(key, "GET", "/v1/files");
        Assert.Empty(JsonElement.Parse(await list.Content.ReadAsStringAsync()).GetProperty("data").EnumerateArray());
    }

    /// <summary>The server bounds the pace alone, over the whole body: what came at first would buy many minutes of silence.</summary>
    [Theory]
    [InlineData("/v1/files")]
    [InlineData("/v1/audio/transcriptions")]
    public async Task A_client_that_sends_much_and_then_nothing_is_not_waited_for(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            1, $"--Services:learning={relay.Learning.Url(ListenerKind.Internal)}", "--OpenAi:BodyStallTimeout=00:00:00.300");
        var key = await gateway.CreateKeyAsync();
        var address = new Uri(gateway.App.Url(ListenerKind.Public));
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key.Text}\r\nContent-Length: 1000000\r\n"
            + "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n" + new string('x', 300_000)));

        var answer = await new StreamReader(client.GetStream()).ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));

        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_learning_is_away_files_are_503_and_nothing_else_is()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(1, "--Services:learning=http://127.0.0.1:1");
        var key = await gateway.CreateKeyAsync();
        foreach (var method in new[] { "GET", "POST" })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), "/v1/files") { Headers = { Authorization = key.Bearer } };
            request.Content = method == "POST" ? Form([1]) : null;
            using var response = await gateway.Http.SendAsync(request);

            await ErrorTests.AssertErrorAsync(response, 503, "service_away");
            Assert.NotNull(response.Headers.RetryAfter);
        }

        using var models = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = key.Bearer } };
        Assert.Equal(200, (int)(await gateway.Http.SendAsync(models)).StatusCode);
    }

    private static string Fill(string path) => path.Replace("{file}", "file-x", StringComparison.Ordinal)
        .Replace("{upload}", "upload_x", StringComparison.Ordinal);

    private static MultipartFormDataContent Form(byte[] bytes, bool purposeFirst = true)
    {
        var form = new MultipartFormDataContent();
        if (purposeFirst)
        {
            form.Add(new StringContent("user_data"), "purpose");
        }

        form.Add(new ByteArrayContent(bytes) { Headers = { ContentType = new("application/x-own") } }, "file", "a.bin");
        if (!purposeFirst)
        {
            form.Add(new StringContent("user_data"), "purpose");
        }

        return form;
    }

    private async Task<string> CreateAsync(TestKey key, byte[] bytes)
    {
        using var response = await SendAsync(key, "POST", "/v1/files", Form(bytes));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text).GetProperty("id").GetString()!;
    }

    private Task<HttpResponseMessage> SendAsync(TestKey? key, string method, string path, HttpContent? content = null)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = content,
            Headers = { Authorization = key?.Bearer },
        };
        return Gateway.Http.SendAsync(request);
    }

    private async Task<int?> TryAsync(HttpRequestMessage request)
    {
        try
        {
            using var response = await Gateway.Http.SendAsync(request);
            return (int)response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static async Task<string?> TypeAsync(HttpResponseMessage response) =>
        JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error").GetProperty("type").GetString();
}
