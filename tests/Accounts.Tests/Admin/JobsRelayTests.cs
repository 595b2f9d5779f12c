using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Admin;

public sealed partial class JobsRelayTests : IAsyncLifetime
{
    private AccountsHost _host = null!;
    private PortalBrowser _operator = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        _operator = await _host.BrowseAsOperatorAsync();
    }

    public async Task DisposeAsync()
    {
        _operator.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Operator_sees_the_dashboard_and_Billing_sees_the_bearer_and_no_cookie()
    {
        var page = await _operator.OpenAsync("/admin/jobs/recurring?from=20&count=10");
        var home = await _operator.OpenAsync("/admin/jobs");
        var menu = await _operator.OpenAsync("/overview");

        var asked = Forwarded();
        Assert.Equal(["/admin/jobs/recurring?from=20&count=10", "/admin/jobs"], asked.Select(request => request.PathAndQuery));
        Assert.All(asked, request => Assert.Equal(TestBearers.Header("accounts", "billing").ToString(), request.Authorization));
        Assert.All(asked, request => Assert.Equal("", request.Cookies));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (page.Status, home.Status));
        Assert.Null(_operator.Cookie("billing"));
        Assert.Contains("href=\"/admin/jobs\"", menu.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_is_for_operators_alone()
    {
        using var ada = await _host.SignUpAsync();
        using var stranger = _host.Browse();

        var customer = await ada.OpenAsync("/admin/jobs");
        var anonymous = await stranger.OpenAsync("/admin/jobs/recurring");
        using var post = Post("/admin/jobs/recurring/trigger", "token");
        var posted = await stranger.SendAsync(post);
        using var inside = await _host.Operators.GetAsync("/admin/jobs");

        Assert.Equal(HttpStatusCode.NotFound, customer.Status);
        Assert.Equal(HttpStatusCode.Redirect, anonymous.Status);
        Assert.Contains("/sign-in?returnUrl=%2Fadmin%2Fjobs%2Frecurring", anonymous.Location!, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, posted.Status);
        Assert.Equal(HttpStatusCode.NotFound, inside.StatusCode);
        Assert.Empty(Forwarded());
    }

    [Fact]
    public async Task Post_passes_only_with_the_token_of_the_page_in_its_header()
    {
        var token = TokenOn(await _operator.OpenAsync("/admin/jobs/recurring"));
        using var ada = await _host.SignUpAsync();
        var anothers = WebUtility.HtmlDecode(FormToken().Match((await ada.OpenAsync("/keys/new")).Html).Groups[1].Value);

        using var withToken = Post("/admin/jobs/recurring/trigger", token);
        using var without = Post("/admin/jobs/recurring/trigger", null);
        using var inForm = Post("/admin/jobs/recurring/trigger", null, $"&__RequestVerificationToken={Uri.EscapeDataString(token)}");
        using var wrong = Post("/admin/jobs/recurring/trigger", anothers);
        var passed = await _operator.SendAsync(withToken);
        Page[] refused = [await _operator.SendAsync(without), await _operator.SendAsync(inForm), await _operator.SendAsync(wrong)];

        Assert.Equal(HttpStatusCode.NoContent, passed.Status);
        Assert.All(refused, page => Assert.Equal(HttpStatusCode.BadRequest, page.Status));
        var sent = Assert.Single(Forwarded(), request => request.Method == "POST");
        Assert.Equal("jobs%5B%5D=usage+partitions", Encoding.UTF8.GetString(sent.Body));
        Assert.NotEmpty(anothers);
    }

    [Theory]
    [InlineData("/admin/jobs/../../internal/prices")]
    [InlineData("/admin/jobs/%2e%2e/%2e%2e/internal/prices")]
    [InlineData("/admin/jobs/%252e%252e/%252e%252e/internal/prices")]
    [InlineData("/admin/jobs/..%2f..%2finternal/prices")]
    [InlineData("/admin/jobs/..%5c..%5cinternal/prices")]
    [InlineData("/admin/jobs/%252e%252e%252f%252e%252e%252finternal/prices")]
    public async Task No_path_leads_out_of_the_dashboard(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(
            _host.PublicUrl + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));

        await _operator.SendAsync(request);

        Assert.All(
            _host.Responder.Requests, sent => Assert.DoesNotContain("/internal/prices", sent.PathAndQuery, StringComparison.Ordinal));
        Assert.All(Forwarded(), sent => Assert.StartsWith("/admin/jobs/", sent.PathAndQuery, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_Billing_does_not_have_and_an_outage_are_the_portals_own_pages()
    {
        var missing = await _operator.OpenAsync("/admin/jobs/unknown");
        await _host.Responder.DisposeAsync();
        var away = await _operator.OpenAsync("/admin/jobs");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.ServiceUnavailable), (missing.Status, away.Status));
        Assert.Contains("There is no such page", missing.Html, StringComparison.Ordinal);
        Assert.Contains("Not available right now", away.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_of_the_dashboard_allows_its_font_and_style_attributes_and_other_pages_stay_strict()
    {
        var dashboard = await _operator.OpenAsync("/admin/jobs");
        var page = await _operator.OpenAsync("/admin/books");

        var strict = page.Headers["Content-Security-Policy"];
        Assert.DoesNotContain("unsafe", strict, StringComparison.Ordinal);
        Assert.Equal(
            strict + "; font-src 'self'; style-src-attr 'unsafe-inline'; style-src-elem 'self'"
                + " 'sha256-z7zcnw/4WalZqx+PrNaRnoeLz/G9WXuFqV1WCJ129sg='",
            dashboard.Headers["Content-Security-Policy"]);
        Assert.Contains("script-src 'self';", strict, StringComparison.Ordinal);
    }

    private List<Received> Forwarded() =>
        [.. _host.Responder.Requests.Where(request => request.PathAndQuery.StartsWith("/admin", StringComparison.Ordinal))];

    private static HttpRequestMessage Post(string path, string? token, string more = "")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent("jobs%5B%5D=usage+partitions" + more, Encoding.UTF8, "application/x-www-form-urlencoded"),
        };
        if (token is not null)
        {
            request.Headers.Add("RequestVerificationToken", token);
        }

        return request;
    }

    private static string TokenOn(Page page) => Regex.Match(page.Html, "content=\"([^\"]+)\"").Groups[1].Value;

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();
}
