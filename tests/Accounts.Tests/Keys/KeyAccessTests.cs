using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.Tests.Keys;

public sealed class KeyAccessTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Page_changes_what_a_key_may_do_and_brings_it_to_Redis()
    {
        await using var host = await AccountsHost.StartAsync();
        using var browser = await host.SignUpAsync();
        var publicId = PortalBrowser.PublicIdOf(await browser.CreateKeyAsync("first"));
        var made = await host.RecordAsync(publicId);
        var path = $"/keys/{made.KeyId}";

        var refused = await browser.SubmitAsync(
            path, "settings", ("Input.Access.Scopes", "chat.completions"), ("Input.Access.ModelRule", "only"),
            ("Input.Access.Networks", "192.0.2.0/24\n10.0.0.1/8\nhere"), ("Input.Limits[rpm]", "12 or so"),
            ("Input.Limits[budget_month]", "0"));
        var unchanged = await host.RecordAsync(publicId);
        var saved = await browser.SubmitAndFollowAsync(
            path, "settings", ("Input.Access.Scopes", "chat.completions"), ("Input.Access.Scopes", "models"),
            ("Input.Access.ModelRule", "except"), ("Input.Access.Models", "text-davinci-002"), ("Input.Access.Models", "gone"),
            ("Input.Access.Networks", "192.0.2.0/24\r\n\r\n2001:db8::1"), ("Input.Access.ExpiresAt", "2099-12-31T23:59"),
            ("Input.Limits[rpm]", "12"));

        var errors = WebUtility.HtmlDecode(refused.Html);
        Assert.Contains("Line 2, “10.0.0.1/8”: the address goes beyond its first 8 bits", errors, StringComparison.Ordinal);
        Assert.Contains("Did you mean 10.0.0.0/8?", errors, StringComparison.Ordinal);
        Assert.Contains("Line 3, “here”: not a network", errors, StringComparison.Ordinal);
        Assert.Contains("Tick at least one model", errors, StringComparison.Ordinal);
        Assert.Contains("192.0.2.0/24\n10.0.0.1/8\nhere", errors.Replace("\r", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("12 or so", errors, StringComparison.Ordinal); // What was written stays, beside what is wrong with it.
        Assert.Contains("Digits alone, 1 to 1,000,000,000; or empty.", errors, StringComparison.Ordinal);
        Assert.Contains("0.000001 to 1,000,000; or empty.", errors, StringComparison.Ordinal);
        Assert.Equal(made.Version, unchanged.Version);
        Assert.Contains("in force from the next request on", saved.Html, StringComparison.Ordinal);
        var record = await host.RecordAsync(publicId);
        Assert.Equal([PublicEndpoint.ChatCompletions.Scope, PublicEndpoint.Models.Scope], record.Scopes!);
        Assert.Equal(["gone", "text-davinci-002"], record.ModelsDenied!);
        Assert.Null(record.ModelsAllowed);
        Assert.Equal(12, record.Limits.RequestsPerMinute);
        Assert.Equal(["192.0.2.0/24", "2001:db8::1/128"], record.Networks!);
        Assert.Equal(new DateTimeOffset(2099, 12, 31, 23, 59, 0, TimeSpan.Zero), record.ExpiresAt);
        Assert.Equal(
            ["key.create", "key.settings"],
            await host.InScopeAsync<AccountsDb, List<string>>(
                db => db.AuditEntries.Where(a => a.Subject == publicId).OrderBy(a => a.Id).Select(a => a.Action).ToListAsync()));
        Assert.Contains("not served right now", saved.Html, StringComparison.Ordinal); // A model that nobody serves stays in the list.
    }

    [Fact]
    public async Task New_key_form_restricts_from_the_first_call_on()
    {
        await using var host = await AccountsHost.StartAsync();
        using var browser = await host.SignUpAsync();

        var refused = await browser.SubmitAsync(
            "/keys/new", "new-key", ("Input.Name", ""), ("Input.Access.Scopes", "embeddings"), ("Input.Access.Networks", "nowhere"),
            ("Input.Limits[tpd]", "0"));
        var text = await browser.CreateKeyAsync(
            "narrow", ("Input.Access.Scopes", "embeddings"), ("Input.Access.ModelRule", "only"), ("Input.Access.Models", "tiny-embed"),
            ("Input.ExpiresInDays", "7"));

        Assert.Contains("not a network", WebUtility.HtmlDecode(refused.Html), StringComparison.Ordinal);
        Assert.Contains("Give the key a name.", refused.Html, StringComparison.Ordinal); // All at once.
        Assert.Contains("1 to 100,000,000; or empty.", refused.Html, StringComparison.Ordinal);
        Assert.Contains("<details class=\"more\" open", refused.Html, StringComparison.Ordinal);
        var record = await host.RecordAsync(PortalBrowser.PublicIdOf(text));
        Assert.Equal([PublicEndpoint.Embeddings.Scope], record.Scopes!);
        Assert.Equal(["tiny-embed"], record.ModelsAllowed!);
        Assert.Null(record.Networks);
        Assert.NotNull(record.ExpiresAt);
    }

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7/32")]
    [InlineData("2001:DB8::/32", "2001:db8::/32")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("10/8", null)]
    [InlineData("10.0.0.0/33", null)]
    [InlineData("10.0.0.0/+8", null)]
    [InlineData("10.0.0.0/", null)]
    [InlineData("::ffff:10.0.0.0/104", null)]
    [InlineData("fe80::1%eth0", null)]
    [InlineData("2001:db8::1/32", null)]
    public void TryRead_takes_networks_and_addresses_and_nothing_else(string line, string? expected)
    {
        var isRead = new AccessForm
        {
            Scopes = [.. PublicEndpoint.All.Select(endpoint => endpoint.Scope)], Networks = line,
        }.TryRead(KeyAccess.All, Now, out var access, out var errors);

        Assert.Equal(expected is not null, isRead);
        Assert.Equal(expected is null ? 1 : 0, errors[nameof(AccessForm.Networks)].Count());
        Assert.Equal(expected, access?.Networks?.Single());
    }

    [Fact]
    public void TryRead_keeps_an_expiry_that_was_left_alone_and_refuses_a_new_one_in_the_past()
    {
        var current = KeyAccess.All with { ExpiresAt = Now.AddDays(-1).AddSeconds(7) };
        var untouched = AccessForm.Of(current);
        var past = AccessForm.Of(current);
        past.ExpiresAt = "2026-03-01T11:59";

        Assert.True(untouched.TryRead(current, Now, out var kept, out var errors));
        Assert.False(past.TryRead(current, Now, out _, out var pastErrors));

        Assert.Equal(current, kept);
        Assert.Empty(errors);
        Assert.Single(pastErrors[nameof(AccessForm.ExpiresAt)]);
    }
}
