using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Audit;
using Tollgate.Contracts.Json;

namespace Tollgate.Accounts.Tests.AuditLog;

/// <summary>What the service writes down, and the pages and exports that show it.</summary>
public sealed class AuditPageTests : IAsyncLifetime
{
    private AccountsHost _host = null!;
    private AuditBench _audit = null!;

    public async Task InitializeAsync() => _audit = new AuditBench(_host = await AccountsHost.StartAsync());

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Every_event_of_an_account_is_written_down_with_address_and_browser()
    {
        using var ada = await _host.SignUpAsync();
        await _host.Browse().SignInAsync("ada@example.com", "not the password");
        await ada.SubmitAsync("/forgot-password", "forgot-password", ("Input.Email", "ada@example.com"));
        var link = await ada.LinkOfMailAsync("ada@example.com", "Choose");
        await ada.SubmitAsync(link, "reset-password", ("Input.Password", "another horse battery"));

        var entries = await EntriesAsync();

        Assert.Equal(
            ["account.sign-up", "organization.create", "email.confirm", "session.start", "session.fail", "password.ask", "password.reset"],
            entries.Select(entry => entry.Action));
        Assert.All(entries, entry => Assert.Equal(("127.0.0.1", AuditVia.Session), (entry.Address, entry.Via)));
    }

    [Fact]
    public async Task A_failed_sign_in_of_an_unknown_address_keeps_no_address_and_gets_the_same_answer()
    {
        using var ada = await _host.SignUpAsync();

        var known = await _host.Browse().SignInAsync("ada@example.com", "not the password");
        var unknown = await _host.Browse().SignInAsync("my-password@example.com", "not the password");

        var failed = (await EntriesAsync()).Where(entry => entry.Action == "session.fail").ToList();
        Assert.Equal((known.Status, 2), (unknown.Status, failed.Count));
        Assert.NotNull(failed[0].OrganizationId);
        Assert.Matches("^unknown [0-9a-f]{12}$", failed[1].Subject);
        Assert.Null(failed[1].OrganizationId);
    }

    [Fact]
    public async Task A_lockout_and_a_sign_out_are_written_down()
    {
        using var ada = await _host.SignUpAsync();
        for (var i = 0; i <= 10; i++)
        {
            await _host.Browse().SignInAsync("ada@example.com", "not the password");
        }

        await ada.SendAsync("/sign-out", await TokenAsync(ada));

        var actions = (await EntriesAsync()).Select(entry => entry.Action).ToList();
        Assert.Contains("session.lockout", actions);
        Assert.Equal("session.end", actions[^1]);
    }

    [Fact]
    public async Task A_change_shows_its_values_before_and_after_and_no_secret()
    {
        using var ada = await _host.SignUpAsync();
        var text = await ada.CreateKeyAsync("ci");

        var list = await ada.OpenAsync("/audit?action=key");
        var created = (await EntriesAsync()).Single(entry => entry.Action == "key.create");
        var detail = await ada.OpenAsync($"/audit/{created.Number}");

        Assert.Contains("key.create", list.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("session.start", list.Html, StringComparison.Ordinal);
        Assert.Contains("<ins>ci</ins>", detail.Html, StringComparison.Ordinal);
        Assert.Contains("ada@example.com", detail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(text[^20..], created.Before + created.After, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("actor=ada@example.com", true)]
    [InlineData("actor=bob@example.com", false)]
    [InlineData("address=127.0.0", true)]
    [InlineData("address=10.", false)]
    [InlineData("from=2000-01-01", true)]
    [InlineData("to=2000-01-01", false)]
    [InlineData("action=organization.create", true)]
    [InlineData("action=organ", false)]
    public async Task Entries_are_found_by_actor_action_address_and_time(string query, bool finds)
    {
        using var ada = await _host.SignUpAsync();

        var page = await ada.OpenAsync($"/audit?{query}");

        Assert.Equal((HttpStatusCode.OK, finds), (page.Status, page.Html.Contains("organization.create</code>", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_day_that_cannot_be_read_is_a_fault_of_its_field()
    {
        using var ada = await _host.SignUpAsync();

        var page = await ada.OpenAsync("/audit?from=yesterday");

        Assert.Contains("Enter a day, such as 2026-12-01.", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_go_on_by_number()
    {
        using var ada = await _host.SignUpAsync();
        var organization = (await EntriesAsync()).First(entry => entry.Action == "organization.create").OrganizationId;
        for (var i = 0; i < 60; i++)
        {
            await _audit.AddAsync(organization, "test.entry", $"subject {i}");
        }

        var first = await ada.OpenAsync("/audit?action=test");
        var second = await ada.OpenAsync($"/audit?action=test&below={(await EntriesAsync()).Max(entry => entry.Number) - 49}");

        Assert.Contains("subject 59<", first.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("subject 9<", first.Html, StringComparison.Ordinal);
        Assert.Contains("rel=\"next\"", first.Html, StringComparison.Ordinal);
        Assert.Contains("subject 9<", second.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("rel=\"next\"", second.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_organizations_entries_and_pages_without_the_permission_are_not_shown()
    {
        using var ada = await _host.SignUpAsync();
        using var bob = await _host.SignUpAsync("bob@example.com");
        var last = (await EntriesAsync()).Where(entry => entry.ActorId is not null).Max(entry => entry.Number);

        Assert.Equal(HttpStatusCode.NotFound, (await ada.OpenAsync($"/audit/{last + 100}")).Status);
        Assert.DoesNotContain("bob@example.com", (await ada.OpenAsync("/audit")).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.OpenAsync("/admin/audit")).Status);
        await _audit.ExecuteAsync("update accounts.memberships set role = 3");
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.OpenAsync("/audit")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.OpenAsync("/audit/export?format=csv")).Status);
    }

    [Fact]
    public async Task An_export_in_json_lines_verifies_by_itself_and_ends_with_the_signed_head()
    {
        using var ada = await _host.SignUpAsync();
        await ada.CreateKeyAsync("größe \"ci\"");

        var export = await ada.OpenAsync("/audit/export?format=jsonl");

        var lines = export.Html.TrimEnd('\n').Split('\n');
        var chain = new AuditChain();
        foreach (var line in lines[..^1])
        {
            chain.Take(JsonSerializer.Deserialize(line, ContractsJson.Default.AuditLine)!);
        }

        var head = JsonSerializer.Deserialize(lines[^1], ContractsJson.Default.AuditExportLine)!;
        Assert.Empty(chain.Breaks);
        Assert.Equal((chain.Last!.Number, chain.Last.Hash, "audit.export"), (head.HeadNumber!.Value, head.HeadHash, chain.Last.Action));
    }

    [Fact]
    public async Task An_export_as_csv_runs_nothing_in_a_spreadsheet()
    {
        using var ada = await _host.SignUpAsync();
        var organization = (await EntriesAsync()).First(entry => entry.Action == "organization.create").OrganizationId;
        await _audit.AddAsync(organization, "test.entry", "=1+1,\"a\"\nb");

        var export = await ada.OpenAsync("/audit/export?format=csv&action=test");

        Assert.StartsWith("\"organization\",\"number\"", export.Html, StringComparison.Ordinal);
        Assert.Contains(",\"'=1+1,\"\"a\"\"\nb\",", export.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operator_in_a_customers_organization_is_named_also_for_what_was_only_read()
    {
        using var ada = await _host.SignUpAsync();
        var organization = (await EntriesAsync()).First(entry => entry.Action == "organization.create").OrganizationId;
        using var root = await _host.BrowseAsOperatorAsync();

        await root.OpenAsync($"/admin/organizations/{organization}");
        await root.SubmitAsync($"/admin/organizations/{organization}/suspend", "suspend", ("Reason", "a secret reason"));
        await root.OpenAsync($"/admin/audit?organization={organization}");

        var acted = (await EntriesAsync()).Where(entry => entry.OperatorId is not null).ToList();
        Assert.Equal(["organization.read", "organization.suspend", "audit.read"], acted.Select(entry => entry.Action));
        Assert.All(acted, entry => Assert.Equal((organization, entry.ActorId), (entry.OrganizationId, entry.OperatorId)));
        var page = await ada.OpenAsync("/audit?action=organization.suspend");
        Assert.Contains("root@example.com", page.Html, StringComparison.Ordinal);
        Assert.Contains("operator</span>", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("a secret reason", page.Html, StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, string>> TokenAsync(PortalBrowser browser)
    {
        var html = (await browser.OpenAsync("/overview")).Html;
        const string Name = "name=\"__RequestVerificationToken\" value=\"";
        var start = html.IndexOf(Name, StringComparison.Ordinal) + Name.Length;
        return new Dictionary<string, string>
        {
            ["__RequestVerificationToken"] = html[start..html.IndexOf('"', start)],
        };
    }

    private Task<List<AuditEntry>> EntriesAsync() => _host.InScopeAsync<AccountsDb, List<AuditEntry>>(
        db => db.AuditEntries.AsNoTracking().OrderBy(entry => entry.Id).ToListAsync());
}
