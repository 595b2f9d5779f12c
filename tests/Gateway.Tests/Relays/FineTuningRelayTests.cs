using System.Net;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Relays;

/// <summary>Fine-tuning jobs through the gateway: the key's rules hold as on every route.</summary>
public sealed class FineTuningRelayTests(RelayFixture relay) : IClassFixture<RelayFixture>
{
    /// <summary>Every route, by method and path.</summary>
    public static TheoryData<string, string> Routes
    {
        get
        {
            var routes = new TheoryData<string, string>();
            foreach (var route in PublicEndpoint.FineTuning.Routes)
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
        var others = PublicEndpoint.All.Select(endpoint => endpoint.Scope).Where(scope => scope != "fine_tuning").ToArray();
        var revoked = await Gateway.CreateKeyAsync();
        var scopeless = await Gateway.CreateKeyAsync(key => key with { Scopes = others });
        await Gateway.PublishAsync(revoked.Record with { State = KeyState.Revoked, Version = GatewayUnderTest.NextVersion() });

        using var keyless = await SendAsync(null, method, Fill(path));
        using var noScope = await SendAsync(scopeless, method, Fill(path));
        using var after = await SendAsync(revoked, method, Fill(path));

        Assert.Equal(HttpStatusCode.Unauthorized, keyless.StatusCode);
        await ErrorTests.AssertErrorAsync(noScope, 403, "missing_scope");
        await ErrorTests.AssertErrorAsync(after, 401, "revoked_api_key");
    }

    [Fact]
    public async Task A_refusal_of_Learning_passes_as_it_is()
    {
        var key = await Gateway.CreateKeyAsync();

        using var missing = await SendAsync(key, "POST", "/v1/fine_tuning/jobs", Json("""{"model":"m"}"""));
        using var method = await SendAsync(
            key, "POST", "/v1/fine_tuning/jobs", Json("""{"model":"m","training_file":"f","method":{"type":"dpo"}}"""));
        using var unknown = await SendAsync(key, "GET", "/v1/fine_tuning/jobs/ftjob-x");
        using var list = await SendAsync(key, "GET", "/v1/fine_tuning/jobs?metadata[run]=a");

        await ErrorTests.AssertErrorAsync(missing, 400, "missing_required_parameter");
        await ErrorTests.AssertErrorAsync(method, 400, "unsupported_value");
        await ErrorTests.AssertErrorAsync(unknown, 404, "fine_tune_not_found");
        Assert.Empty(JsonElement.Parse(await list.Content.ReadAsStringAsync()).GetProperty("data").EnumerateArray());
    }

    private static string Fill(string path) => path.Replace("{job}", "ftjob-x", StringComparison.Ordinal);

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    private Task<HttpResponseMessage> SendAsync(TestKey? key, string method, string path, HttpContent? content = null) =>
        Gateway.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = content,
            Headers = { Authorization = key?.Bearer },
        });
}
