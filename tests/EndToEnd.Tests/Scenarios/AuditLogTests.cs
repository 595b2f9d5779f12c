using System.Globalization;
using Tollgate.EndToEnd.Tests.Books;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The audit log in a real browser and at the command line of the running system.</summary>
[Collection(SharedTollgate.Name)]
public sealed class AuditLogTests(SharedTollgate shared)
{
    private const string Turn = "update accounts.audit_entries set subject = reverse(subject) where id = $1 returning number::text";

    /// <summary>Somebody who has the database, and switches off the triggers that refuse a change.</summary>
    private BooksReader Intruder => new($"{shared.Running.Endpoints.Postgres};Options=-c session_replication_role=replica");

    [Fact]
    public async Task A_change_is_found_by_a_filter_exported_and_verified_and_a_tampered_entry_is_named()
    {
        await using var browser = await Browser.StartAsync();
        var (email, password) = shared.Running.FirstAdmin;
        var admin = await browser.VisitAsync(shared.Running.Endpoints.Portal, "audit");
        await admin.SignInAsync(email, password);
        await admin.CreateKeyAsync("audited");

        await admin.LookAtAsync("/audit", "audit");
        await admin.FillAsync("Action", "key.create");
        await admin.FillAsync("Actor", email);
        await admin.SubmitAsync("Filter");
        await admin.SeeAsync("key.create", "filtered");
        var filtered = await admin.ReadAsync();
        var (name, path) = await admin.DownloadAsync("Export CSV");
        var csv = await File.ReadAllLinesAsync(path);
        var newest = await admin.OpenFirstRowAsync();
        await admin.ReachAsync("key.create", "entry");
        var entry = await admin.ReadAsync();
        var ofAll = await admin.ReadAsync("/admin/audit", "of-all");

        var commands = shared.Running.Commands;
        var whole = await commands.RunAsync("audit", "verify");
        var export = Path.Combine(TestFolder.Create("audit"), "audit.jsonl");
        await commands.RunAsync("audit", "export", export);
        var ofFile = await commands.RunAsync("audit", "verify", "--file", export);
        var id = long.Parse(
            (await shared.Running.Books.TextAsync("select max(id)::text from accounts.audit_entries where action = 'key.create'"))!,
            CultureInfo.InvariantCulture);
        var number = await Intruder.TextAsync(Turn, id);
        var tampered = await commands.RunAsync("audit", "verify");
        await Intruder.TextAsync(Turn, id);
        var again = await commands.RunAsync("audit", "verify");

        Assert.DoesNotContain("session.start", filtered, StringComparison.Ordinal);
        Assert.Contains(email, filtered, StringComparison.Ordinal);
        Assert.Equal("audit.csv", name);
        Assert.All(csv.Skip(1), line => Assert.Contains("key.create", line, StringComparison.Ordinal));
        Assert.Contains("audited", entry, StringComparison.Ordinal);
        Assert.StartsWith("/audit/", newest, StringComparison.Ordinal);
        Assert.Contains("organization.create", ofAll, StringComparison.Ordinal);
        Assert.Contains("No breaks.", whole.Succeeded(), StringComparison.Ordinal);
        Assert.Contains("No breaks.", ofFile.Succeeded(), StringComparison.Ordinal);
        Assert.Equal(1, tampered.ExitCode);
        Assert.Contains($"entry {number} was changed", tampered.Output, StringComparison.Ordinal);
        Assert.Contains("The audit log was changed. Breaks: 1.", tampered.Output, StringComparison.Ordinal);
        Assert.Contains("No breaks.", again.Succeeded(), StringComparison.Ordinal);
        Assert.Equal("", string.Join('\n', admin.ConsoleErrors));
    }
}
