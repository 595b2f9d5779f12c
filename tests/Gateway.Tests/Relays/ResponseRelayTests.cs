using System.Net;
using System.Text.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Gateway.Tests.Responses;

namespace Tollgate.Gateway.Tests.Relays;

/// <summary>Responses that were kept, through the gateway: the key's rules hold as on every route.</summary>
public sealed class ResponseRelayTests(RelayFixture relay) : IClassFixture<RelayFixture>
{
    /// <summary>Every route below a response, by method and path.</summary>
    public static TheoryData<string, string> Routes
    {
        get
        {
            var routes = new TheoryData<string, string>();
            foreach (var route in PublicEndpoint.Responses.Routes.Where(route => route.Path.Contains('{', StringComparison.Ordinal)))
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
        var others = PublicEndpoint.All.Select(endpoint => endpoint.Scope).Where(scope => scope != "responses").ToArray();
        var revoked = await Gateway.CreateKeyAsync();
        var scopeless = await Gateway.CreateKeyAsync(key => key with { Scopes = others });
        await Gateway.PublishAsync(revoked.Record with
        {
            State = KeyState.Revoked,
            Version = GatewayUnderTest.NextVersion(),
        });
        var url = Fill(path, "resp_x");

        using var keyless = await Gateway.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), url));
        using var noScope = await new StoreBench(Gateway, scopeless).SendAsync(method, url);
        using var after = await new StoreBench(Gateway, revoked).SendAsync(method, url);

        Assert.Equal(HttpStatusCode.Unauthorized, keyless.StatusCode);
        await ErrorTests.AssertErrorAsync(noScope, 403, "missing_scope");
        await ErrorTests.AssertErrorAsync(after, 401, "revoked_api_key");
    }

    [Fact]
    public async Task A_response_is_shown_listed_not_cancelled_and_deleted()
    {
        var bench = new StoreBench(Gateway, await Gateway.CreateKeyAsync());
        var (id, url) = NewResponse();
        await bench.KeepAsync(id, "q", "a");

        using var shown = await bench.SendAsync("GET", $"{url}?include[]=message.output_text.logprobs");
        using var items = await bench.SendAsync("GET", $"{url}/input_items?limit=1&order=asc");
        using var cancelled = await bench.SendAsync("POST", $"{url}/cancel");
        using var deleted = await bench.SendAsync("DELETE", url);
        using var gone = await bench.SendAsync("GET", url);

        Assert.Equal("completed", (await ReadAsync(shown)).GetProperty("status").GetString());
        Assert.StartsWith("req_", shown.Headers.GetValues("x-request-id").Single(), StringComparison.Ordinal);
        Assert.Equal("msg_q", (await ReadAsync(items)).GetProperty("first_id").GetString());
        await ErrorTests.AssertErrorAsync(cancelled, 400, null);
        Assert.True((await ReadAsync(deleted)).GetProperty("deleted").GetBoolean());
        await ErrorTests.AssertErrorAsync(gone, 404, null);
        var error = (await ReadAsync(gone)).GetProperty("error");
        Assert.Equal(
            ($"Response with id '{StoreBench.NameOf(id)}' not found.", JsonValueKind.Null),
            (error.GetProperty("message").GetString(), error.GetProperty("param").ValueKind));
    }

    [Fact]
    public async Task Another_project_or_organization_sees_no_response()
    {
        var mine = await Gateway.CreateKeyAsync();
        var sibling = await Gateway.CreateKeyAsync(key => key with { OrganizationId = mine.Record.OrganizationId });
        var other = await Gateway.CreateKeyAsync();
        var (id, url) = NewResponse();
        await new StoreBench(Gateway, mine).KeepAsync(id, "q", "a");

        foreach (var stranger in new[] { sibling, other })
        {
            foreach (var route in PublicEndpoint.Responses.Routes.Where(route => route.Path.Contains('{', StringComparison.Ordinal)))
            {
                using var response = await new StoreBench(Gateway, stranger).SendAsync(
                    route.Method, Fill(route.Path, StoreBench.NameOf(id)));
                await ErrorTests.AssertErrorAsync(response, 404, null);
            }
        }

        using var own = await new StoreBench(Gateway, mine).SendAsync("GET", url);
        Assert.Equal(200, (int)own.StatusCode);
    }

    [Fact]
    public async Task Only_what_changes_something_counts_against_the_limits_of_requests()
    {
        var key = await Gateway.CreateKeyAsync(key => key with { Limits = new Limits { RequestsPerMinute = 1 } });
        var bench = new StoreBench(Gateway, key);
        var (_, url) = NewResponse();

        for (var i = 0; i < 3; i++)
        {
            using var free = await bench.SendAsync("GET", url);
            Assert.Equal(404, (int)free.StatusCode);
        }

        using var first = await bench.SendAsync("DELETE", url);
        using var second = await bench.SendAsync("DELETE", url);
        Assert.Equal((404, 429), ((int)first.StatusCode, (int)second.StatusCode));
    }

    private static (Guid Id, string Url) NewResponse()
    {
        var id = StoreBench.NewId();
        return (id, $"/v1/responses/{StoreBench.NameOf(id)}");
    }

    private static string Fill(string path, string id) => path.Replace("{response}", id, StringComparison.Ordinal);

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response) =>
        JsonElement.Parse(await response.Content.ReadAsStringAsync());
}
