using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Relays;

/// <summary>The organization's admin API at the public door: what passes to Accounts, and what is refused before it.</summary>
public sealed class AdminRelayTests : IAsyncLifetime
{
    private const string Projects = "/v1/organization/projects";
    private readonly Guid _organization = Guid.NewGuid();
    private GatewayUnderTest _gateway = null!;

    public async Task InitializeAsync() => _gateway = await GatewayUnderTest.StartAsync(1, "--Keys:FailuresPerMinute=5");

    public async Task DisposeAsync() => await _gateway.DisposeAsync();

    [Fact]
    public async Task A_request_reaches_Accounts_with_the_key_and_where_it_comes_from_and_the_answer_comes_back()
    {
        var key = ApiKeyText.Create(ApiKeyText.AdminPrefix).Text;
        Answer(200, """{"id":"proj_1"}""", replayed: true);

        using var response = await SendAsync(key, "POST", $"{Projects}?x=1", """{"name":"é"}""", idempotencyKey: "order-1");

        var seen = Assert.Single(_gateway.Plane.AdminRequests);
        Assert.Equal(("POST", $"{Projects}?x=1", """{"name":"é"}"""), (seen.Method, seen.PathAndQuery, seen.Body));
        Assert.Equal(key, seen.Headers[AdminHeaders.Key]);
        Assert.Equal("127.0.0.1", seen.Headers[AdminHeaders.ClientAddress]);
        Assert.Equal(("order-1", "terraform/1.9"), (seen.Headers["Idempotency-Key"], seen.Headers["User-Agent"]));
        Assert.StartsWith("Bearer ", seen.Headers["Authorization"], StringComparison.Ordinal);
        Assert.DoesNotContain(key, seen.Headers["Authorization"], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("""{"id":"proj_1"}""", await response.Content.ReadAsStringAsync());
        Assert.Equal($"org-{_organization:N}", response.Headers.GetValues("openai-organization").Single());
        Assert.Equal("true", response.Headers.GetValues("idempotency-replayed").Single());
        Assert.False(response.Headers.Contains("openai-project"));
        Assert.StartsWith("req_", response.Headers.GetValues("x-request-id").Single(), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains(AdminHeaders.Organization));
    }

    [Fact]
    public async Task An_api_key_is_refused_with_403_a_wrong_one_with_401_and_neither_reaches_Accounts()
    {
        var key = await _gateway.CreateKeyAsync();

        using var plain = await SendAsync(key.Text, "GET", Projects);
        using var wrong = await SendAsync(ApiKeyText.Create().Text, "GET", Projects);
        using var none = await SendAsync(null, "GET", Projects);
        using var nonsense = await SendAsync("sk-admin-nonsense", "GET", Projects);

        await ErrorTests.AssertErrorAsync(plain, 403, "missing_scope");
        await ErrorTests.AssertErrorAsync(wrong, 401, "invalid_api_key");
        Assert.Equal(HttpStatusCode.Unauthorized, none.StatusCode);
        await ErrorTests.AssertErrorAsync(nonsense, 401, "invalid_api_key");
        Assert.Empty(_gateway.Plane.AdminRequests);
    }

    [Fact]
    public async Task No_route_is_open_without_a_key_or_to_an_api_key_of_any_scope()
    {
        var key = await _gateway.CreateKeyAsync();
        List<string> faults = [];

        foreach (var route in AdminRoutes.All)
        {
            var path = Regex.Replace(route.Path, "{[a-z]+}", "x");
            using var plain = await SendAsync(key.Text, route.Method, path);
            using var none = await SendAsync(null, route.Method, path);
            faults.AddRange((plain.StatusCode, none.StatusCode) is (HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized)
                ? [] : [$"{route.Method} {route.Path}: {plain.StatusCode} with an API key, {none.StatusCode} without"]);
        }

        Assert.Equal("", string.Join('\n', faults));
        Assert.Empty(_gateway.Plane.AdminRequests);
    }

    [Fact]
    public async Task An_admin_key_calls_no_model()
    {
        using var response = await SendAsync(
            ApiKeyText.Create(ApiKeyText.AdminPrefix).Text, "POST", "/v1/chat/completions", """{"model":"tiny-assistant","messages":[]}""");

        await ErrorTests.AssertErrorAsync(response, 401, "invalid_api_key");
        Assert.Contains("/v1/organization", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_of_Accounts_pass_and_wrong_keys_use_up_the_look_ups_of_their_address()
    {
        var key = ApiKeyText.Create(ApiKeyText.AdminPrefix).Text;
        Answer(409, Encoding.UTF8.GetString(OpenAiError.AdminConflict("last_owner", "An organization needs an owner.").ToJson()));
        using var conflict = await SendAsync(key, "DELETE", "/v1/organization/users/user-1");
        Answer(401, Encoding.UTF8.GetString(OpenAiError.InvalidAdminKey(key).ToJson()), proved: false);
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 7; i++)
        {
            using var refused = await SendAsync(key, "GET", Projects);
            statuses.Add(refused.StatusCode);
        }

        await ErrorTests.AssertErrorAsync(conflict, 409, "last_owner");
        Assert.Equal(HttpStatusCode.Unauthorized, statuses[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, statuses[^1]);
        Assert.InRange(_gateway.Plane.AdminRequests.Count, 5, 7);
    }

    [Fact]
    public async Task A_revoked_key_uses_up_no_look_ups()
    {
        var key = ApiKeyText.Create(ApiKeyText.AdminPrefix).Text;
        Answer(401, Encoding.UTF8.GetString(OpenAiError.AdminKeyEnded(key, "revoked_api_key", "was revoked").ToJson()));

        for (var i = 0; i < 8; i++)
        {
            using var refused = await SendAsync(key, "GET", Projects);
            await ErrorTests.AssertErrorAsync(refused, 401, "revoked_api_key");
        }
    }

    [Theory]
    [InlineData("GET", "/v1/organization/certificates", 404)]
    [InlineData("GET", "/v1/organization/groups", 404)]
    [InlineData("GET", "/v1/organization/usage/vector_stores?start_time=1", 404)]
    [InlineData("GET", "/v1/organization/projects/proj_1/certificates", 404)]
    [InlineData("DELETE", "/v1/organization/projects/proj_1", 405)]
    [InlineData("POST", "/v1/organization/audit_logs", 405)]
    public async Task What_is_not_built_is_an_unknown_url(string method, string path, int status)
    {
        using var response = await SendAsync(ApiKeyText.Create(ApiKeyText.AdminPrefix).Text, method, path);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Empty(_gateway.Plane.AdminRequests);
    }

    private void Answer(int status, string json, bool replayed = false, bool proved = true) => _gateway.Plane.AdminAnswer = response =>
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        if (proved)
        {
            response.Headers[AdminHeaders.Organization] = _organization.ToString("N");
        }

        if (replayed)
        {
            response.Headers["idempotency-replayed"] = "true";
        }

        return json;
    };

    private Task<HttpResponseMessage> SendAsync(
        string? key, string method, string path, string? body = null, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.UserAgent.ParseAdd("terraform/1.9");
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        return _gateway.Http.SendAsync(request);
    }
}
