using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Testing.SingleSignOn;

namespace Tollgate.Accounts.Tests.SingleSignOn;

/// <summary>What a sign-in demands of the provider's answers and of the browser that brings them.</summary>
public sealed class ProtocolTests : IAsyncLifetime
{
    private static readonly StandInPerson Ada = new("1", "ada@acme.example");
    private SingleSignOnBench _bench = null!;

    public static TheoryData<string, string> BadClaims => new()
    {
        { "iss", "\"https://other.example\"" },
        { "aud", "\"another client\"" },
        { "aud", "[\"tollgate\", \"another\"]" }, // Several audiences without an authorized party.
        { "azp", "\"another\"" },
        { "nonce", "\"another\"" },
        { "nonce", "null" },
        { "sub", "\"\"" },
        { "sub", "null" },
        { "exp", "null" },
        { "exp", "-130" }, // Seconds from now: more than two minutes ago.
        { "nbf", "200" },
        { "iat", "200" },
        { "iat", "null" },
        { "at_hash", "\"AAAAAAAAAAAAAAAAAAAAAA\"" },
    };

    public async Task InitializeAsync() => _bench = await SingleSignOnBench.ConnectedAsync(("Input.CreatesMembers", "true"));

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Theory]
    [MemberData(nameof(BadClaims))]
    public async Task An_id_token_with_a_wrong_claim_signs_nobody_in(string claim, string json)
    {
        _bench.Provider.Faults = new(Claims: claims => Set(claims, claim, json));

        await AssertRefusedAsync("The ID token is refused");
    }

    [Theory]
    [InlineData("exp", "-100")]
    [InlineData("nbf", "100")]
    [InlineData("iat", "100")]
    [InlineData("azp", "\"tollgate\"")]
    public async Task Clocks_may_differ_by_two_minutes(string claim, string json)
    {
        _bench.Provider.Faults = new(Claims: claims => Set(claims, claim, json));
        using var browser = _bench.Host.Browse();

        Assert.Equal("/overview", await _bench.SignInAsync(browser, Ada));
    }

    [Fact]
    public async Task Only_a_key_of_the_provider_signs()
    {
        var foreign = SigningKey.Create();
        var secret = System.Text.Encoding.UTF8.GetBytes(StandInProvider.ClientSecret.PadRight(32));
        Func<JsonObject, string>[] signers =
        [
            claims => SigningKey.Join(new JsonObject { ["alg"] = "none" }, claims, _ => []),
            claims => SigningKey.Join(
                new JsonObject { ["alg"] = "HS256" }, claims, bytes => System.Security.Cryptography.HMACSHA256.HashData(secret, bytes)),
            claims => foreign.Sign(claims),
            claims => (foreign with { Id = _bench.Provider.Key.Id }).Sign(claims),
            _ => "not a token",
        ];

        foreach (var sign in signers)
        {
            _bench.Provider.Faults = new(Sign: sign);
            await AssertRefusedAsync("The ID token is refused");
        }
    }

    [Fact]
    public async Task Keys_may_rotate_and_the_discovery_document_is_read_seldom()
    {
        using var first = _bench.Host.Browse();
        await _bench.SignInAsync(first, Ada);
        var read = _bench.Provider.Discoveries;
        using var second = _bench.Host.Browse();
        await _bench.SignInAsync(second, Ada);
        var readAgain = _bench.Provider.Discoveries;
        _bench.Provider.RotateKey();
        using var third = _bench.Host.Browse();

        Assert.Equal("/overview", await _bench.SignInAsync(third, Ada));
        Assert.Equal(read, readAgain);
        Assert.Equal(read + 1, _bench.Provider.Discoveries);
    }

    [Fact]
    public async Task Userinfo_about_another_subject_signs_nobody_in()
    {
        _bench.Provider.Faults = new(UserInfoSubject: "2");

        await AssertRefusedAsync("another subject", Ada with { OnlyInUserInfo = true });
        Assert.Equal(1, await _bench.CountUsersAsync());
    }

    [Fact]
    public async Task An_answer_that_names_another_issuer_or_none_signs_nobody_in()
    {
        _bench.Provider.Faults = new(StatedIssuer: "https://other.example");
        await AssertRefusedAsync("names the issuer");

        _bench.Provider.Faults = new();
        using var browser = _bench.Host.Browse();
        var answer = await _bench.LeaveAsync(browser, Ada);
        var end = await SingleSignOnBench.ReturnAsync(browser, answer.Split("&iss=")[0]);

        Assert.Equal("Provider", SingleSignOnBench.FaultIn(end));
    }

    [Fact]
    public async Task An_answer_works_once_in_the_browser_that_asked_and_for_its_organization()
    {
        using var browser = _bench.Host.Browse();
        using var victim = _bench.Host.Browse();
        var answer = await _bench.LeaveAsync(browser, Ada);

        var planted = await SingleSignOnBench.ReturnAsync(victim, answer);
        var otherState = await SingleSignOnBench.ReturnAsync(browser, answer.Replace("state=", "state=x", StringComparison.Ordinal));
        var otherOrganization = await SingleSignOnBench.ReturnAsync(
            browser, answer.Replace(_bench.OrganizationId.ToString(), Guid.NewGuid().ToString(), StringComparison.Ordinal));
        var begun = await _bench.LeaveAsync(browser, Ada);
        var used = await SingleSignOnBench.ReturnAsync(browser, begun);
        var again = await SingleSignOnBench.ReturnAsync(browser, begun);

        Assert.All(
            new[] { planted, otherState, otherOrganization, again }, end => Assert.Equal("Expired", SingleSignOnBench.FaultIn(end)));
        Assert.Equal("/overview", used);
        Assert.False(await SingleSignOnBench.IsSignedInAsync(victim));
    }

    [Fact]
    public async Task A_code_that_the_provider_has_taken_before_signs_nobody_in()
    {
        using var browser = _bench.Host.Browse();
        var first = await _bench.LeaveAsync(browser, Ada);
        var second = await _bench.LeaveAsync(browser, Ada);
        await SingleSignOnBench.ReturnAsync(browser, first);
        using var thief = _bench.Host.Browse();
        var own = await _bench.LeaveAsync(thief, Ada);

        // The code of one trip in the answer to another: PKCE binds it to the browser that asked.
        var mixed = await SingleSignOnBench.ReturnAsync(thief, WithCodeOf(own, second));
        var end = await SingleSignOnBench.ReturnAsync(browser, WithCodeOf(second, first));

        Assert.Equal(["Provider", "Provider"], new[] { mixed, end }.Select(SingleSignOnBench.FaultIn));
        Assert.Contains("invalid_grant", await LastFailureAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_at_the_provider_is_told()
    {
        using var browser = _bench.Host.Browse();
        var answer = await _bench.LeaveAsync(browser, Ada);

        var end = await SingleSignOnBench.ReturnAsync(
            browser, answer.Replace("code=", "error=access_denied&x=", StringComparison.Ordinal));
        var page = await browser.OpenAsync(end);

        Assert.Equal("Denied", SingleSignOnBench.FaultIn(end));
        Assert.Contains("did not sign you in", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sign_in_leads_only_to_the_portal_itself()
    {
        using var browser = _bench.Host.Browse();

        var end = await _bench.SignInAsync(
            browser, Ada, $"/sso/{_bench.OrganizationId}/start?returnUrl={Uri.EscapeDataString("https://evil.example/")}");
        var forged = await browser.OpenAsync("/sso/enter?to=https://evil.example/");

        Assert.Equal("/overview", end);
        Assert.Equal("/", forged.Location);
    }

    [Fact]
    public async Task A_provider_that_is_away_is_told_and_asked_again_later()
    {
        await _bench.Provider.DisposeAsync();
        using var browser = _bench.Host.Browse();

        var leaving = await browser.OpenAsync($"/sso/{_bench.OrganizationId}/start");
        var unknown = await browser.OpenAsync($"/sso/{Guid.NewGuid()}/start");

        Assert.All(new[] { leaving, unknown }, page => Assert.Equal("Provider", SingleSignOnBench.FaultIn(page.Location!)));
        Assert.Contains("not reachable", await LastFailureAsync(), StringComparison.Ordinal);
    }

    private async Task AssertRefusedAsync(string reason, StandInPerson? person = null)
    {
        using var browser = _bench.Host.Browse();
        var end = await _bench.SignInAsync(browser, person ?? Ada);
        Assert.Equal("Provider", SingleSignOnBench.FaultIn(end));
        Assert.False(await SingleSignOnBench.IsSignedInAsync(browser));
        Assert.Contains(reason, await LastFailureAsync(), StringComparison.Ordinal);
    }

    /// <summary>What the organization's audit log says about the last failure.</summary>
    private Task<string> LastFailureAsync() => _bench.QueryAsync(db => db.AuditEntries
        .Where(e => e.OrganizationId == _bench.OrganizationId && e.Action == "session.fail").OrderByDescending(e => e.Id)
        .Select(e => e.After!).FirstAsync());

    private static string WithCodeOf(string answer, string other) =>
        answer.Replace(CodeOf(answer), CodeOf(other), StringComparison.Ordinal);

    private static string CodeOf(string answer) => answer.Split("code=")[1].Split('&')[0];

    /// <summary>Sets a claim; a number counts from now, in seconds.</summary>
    private static void Set(JsonObject claims, string claim, string json)
    {
        claims[claim] = int.TryParse(json, out var seconds)
            ? TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + seconds
            : JsonNode.Parse(json);
        if (claims[claim] is null)
        {
            claims.Remove(claim);
        }
    }
}
