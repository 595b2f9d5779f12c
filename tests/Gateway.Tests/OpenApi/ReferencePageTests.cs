using System.Net;
using System.Text.RegularExpressions;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Tests.OpenApi;

public sealed partial class ReferencePageTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private GatewayUnderTest Gateway => shared.Gateway;

    [Fact]
    public async Task The_reference_loads_scripts_of_this_server_alone()
    {
        using var response = await Gateway.Http.GetAsync("/docs");

        var page = await response.Content.ReadAsStringAsync();
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        var nonce = Nonce().Match(policy).Groups[1].Value;
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.NotEmpty(nonce);
        Assert.Equal(Script().Count(page), page.Split($"nonce=\"{nonce}\"").Length - 1);
        Assert.DoesNotContain("://", page, StringComparison.Ordinal);
        Assert.Contains("openapi/v1.json", page, StringComparison.Ordinal);
        Assert.All(
            ["\"withDefaultFonts\":false", "\"telemetry\":false", "\"agent\":{\"disabled\":true}", "\"mcp\":{\"disabled\":true}"],
            setting => Assert.Contains(setting, page, StringComparison.Ordinal));
        Assert.NotEqual(policy, (await Gateway.Http.GetAsync("/docs")).Headers.GetValues("Content-Security-Policy").Single());
    }

    [Theory]
    [InlineData("/docs/scalar.js", "text/javascript")]
    [InlineData("/docs/scalar.aspnetcore.js", "text/javascript")]
    [InlineData("/docs/favicon.svg", "image/svg+xml")]
    public async Task What_the_page_loads_is_served_here(string path, string type)
    {
        using var response = await Gateway.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task The_internal_listener_has_no_reference()
    {
        using var client = new HttpClient { BaseAddress = new Uri(Gateway.App.Url(ListenerKind.Internal)) };

        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/docs")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/docs/scalar.js")).StatusCode);
    }

    [GeneratedRegex("'nonce-([^']+)'")]
    private static partial Regex Nonce();

    [GeneratedRegex("<script")]
    private static partial Regex Script();
}
