using System.Net;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Endpoints;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Relays;

/// <summary>Batches through the gateway: the key's rules hold as on every route.</summary>
public sealed class BatchRelayTests(RelayFixture relay) : IClassFixture<RelayFixture>
{
    private const string Line =
        """
        {"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"Hi"}]}}
        """;

    /// <summary>Every route, by method and path.</summary>
    public static TheoryData<string, string> Routes
    {
        get
        {
            var routes = new TheoryData<string, string>();
            foreach (var route in PublicEndpoint.Batches.Routes)
            {
                routes.Add(route.Method, route.Path);
            }

            return routes;
        }
    }

    private GatewayUnderTest Gateway => relay.Gateway;

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task A_key_that_is_missing_revoked_or_without_the_scope_is_refused(string method, string path)
    {
        var others = PublicEndpoint.All.Select(endpoint => endpoint.Scope).Where(scope => scope != "batches").ToArray();
        var revoked = await Gateway.CreateKeyAsync();
        var scopeless = await Gateway.CreateKeyAsync(key => key with { Scopes = others });
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
    public async Task A_key_needs_the_endpoint_of_the_lines_too()
    {
        var limited = await Gateway.CreateKeyAsync(key => key with { Scopes = ["batches", "files", "embeddings"] });
        var file = await UploadAsync(limited);

        using var response = await OrderAsync(limited, file);

        await ErrorTests.AssertErrorAsync(response, 403, "missing_scope");
        Assert.Contains("'endpoint'", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_project_or_organization_sees_neither_batch_nor_input()
    {
        var mine = await Gateway.CreateKeyAsync();
        var sibling = await Gateway.CreateKeyAsync(key => key with { OrganizationId = mine.Record.OrganizationId });
        var other = await Gateway.CreateKeyAsync();
        var file = await UploadAsync(mine);
        using var made = await OrderAsync(mine, file);
        var id = await IdAsync(made);

        foreach (var stranger in new[] { sibling, other })
        {
            using var order = await OrderAsync(stranger, file);
            using var show = await SendAsync(stranger, "GET", $"/v1/batches/{id}");
            using var cancel = await SendAsync(stranger, "POST", $"/v1/batches/{id}/cancel");
            using var list = await SendAsync(stranger, "GET", "/v1/batches");
            foreach (var response in new[] { order, show, cancel })
            {
                await ErrorTests.AssertErrorAsync(response, 404, null);
            }

            Assert.Empty(JsonElement.Parse(await list.Content.ReadAsStringAsync()).GetProperty("data").EnumerateArray());
        }

        using var own = await SendAsync(mine, "GET", $"/v1/batches/{id}");
        Assert.Equal(200, (int)own.StatusCode);
    }

    [Fact]
    public void The_document_shows_the_endpoints_that_batches_take()
    {
        var property = typeof(BatchRequestBody).GetProperty(nameof(BatchRequestBody.Endpoint))!;
        var texts = (OneOfTextsAttribute)property.GetCustomAttributes(typeof(OneOfTextsAttribute), inherit: false).Single();

        Assert.Equal(BatchUrls.All, texts.Texts);
    }

    private static string Fill(string path) => path.Replace("{batch}", "batch_x", StringComparison.Ordinal);

    private static async Task<string> IdAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text).GetProperty("id").GetString()!;
    }

    private async Task<string> UploadAsync(TestKey key)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("batch"), "purpose" },
            { new ByteArrayContent(Encoding.UTF8.GetBytes(Line)), "file", "a.jsonl" },
        };
        using var response = await SendAsync(key, "POST", "/v1/files", form);
        return await IdAsync(response);
    }

    private Task<HttpResponseMessage> OrderAsync(TestKey key, string file) => SendAsync(key, "POST", "/v1/batches", new StringContent(
        $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""", Encoding.UTF8,
        "application/json"));

    private Task<HttpResponseMessage> SendAsync(TestKey? key, string method, string path, HttpContent? content = null) =>
        Gateway.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = content,
            Headers = { Authorization = key?.Bearer },
        });
}
