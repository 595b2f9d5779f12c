using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Tollgate.Accounts.Departures;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Tests.Learning;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Tests.Departures;

public sealed class ExportTests : IAsyncLifetime
{
    private const string Ada = "ada@example.com";
    private const string Line = """{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x"}}""";
    private LearningBench _bench = null!;
    private PortalBrowser _ada = null!;

    public async Task InitializeAsync()
    {
        _bench = await LearningBench.StartAsync("--Departures:MostLines=1000");
        _ada = await _bench.Host.SignUpAsync(Ada);
    }

    public async Task DisposeAsync()
    {
        _ada.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task An_account_is_exported_without_secrets_and_without_other_people()
    {
        using var bob = await _bench.Host.SignUpAsync("bob@example.com");
        await bob.CreateKeyAsync("bobs key");
        var text = await _ada.CreateKeyAsync("adas key");

        var page = await _ada.OpenAsync("/account/export");
        var files = await DownloadAsync(ExportDownloads.OfAccount);

        Assert.Contains(ExportDownloads.OfAccount, page.Html, StringComparison.Ordinal);
        Assert.Equal(["audit.json", "keys.json", "memberships.json", "profile.json", "sessions.json"], files.Keys.Order());
        Assert.Equal(Ada, JsonElement.Parse(files["profile.json"]).GetProperty("email").GetString());
        Assert.Equal("owner", JsonElement.Parse(files["memberships.json"])[0].GetProperty("role").GetString());
        Assert.Contains("adas key", files["keys.json"], StringComparison.Ordinal);
        Assert.Contains("key.create", files["audit.json"], StringComparison.Ordinal);
        Assert.All(files.Values, content =>
        {
            Assert.DoesNotContain("bob", content, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(text[^20..], content, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", content, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("passwordHash", content, StringComparison.OrdinalIgnoreCase);
        });
        Assert.Contains("account.export", await _bench.Host.ActionsAsync((await _bench.Host.UserIdAsync(Ada)).ToString()));
    }

    [Fact]
    public async Task An_organization_is_exported_with_usage_ledger_and_files()
    {
        var organization = await _bench.Host.OrganizationOfAsync(Ada);
        await _ada.CreateKeyAsync("=adas key");
        var file = await LearningBench.AddFileAsync(_ada, Line, "batch", "=1+1.jsonl");
        _bench.Host.Responder.Usage =
        [
            new UsageRow(
                new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero), organization.Id, Guid.NewGuid(), Guid.NewGuid(), "=cmd()", "chat",
                3, 10, 2, 5, 0.000123m) { ServiceClass = ServiceClass.Batch },
        ];
        _bench.Host.Responder.Statement =
        [
            new StatementLine(Guid.NewGuid(), new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), "top_up", "Card, \"gold\"", -12.5m),
        ];

        var files = await DownloadAsync(ExportDownloads.OfOrganization);

        Assert.Equal(
            [
                "audit.json", "files.csv", "keys.json", "ledger.csv", "manifest.json", "members.json", "organization.json", "policy.json",
                "projects.json", "usage.csv",
            ],
            files.Keys.Order());
        Assert.Contains(",'=cmd(),chat,Batch,3,10,2,5,0,0,0,0,0,0,0.000123\r\n", files["usage.csv"], StringComparison.Ordinal);
        Assert.Contains(",2026-01-02T03:04:05Z,top_up,\"Card, \"\"gold\"\"\",-12.5\r\n", files["ledger.csv"], StringComparison.Ordinal);
        Assert.Contains($",{file},'=1+1.jsonl,batch,", files["files.csv"], StringComparison.Ordinal);
        Assert.Contains(Ada, files["members.json"], StringComparison.Ordinal);
        Assert.Contains("=adas key", files["keys.json"], StringComparison.Ordinal);
        Assert.DoesNotContain("secrets", files["keys.json"], StringComparison.OrdinalIgnoreCase);
        Assert.False(JsonElement.Parse(files["manifest.json"]).GetProperty("ledger").GetProperty("isCut").GetBoolean());
        Assert.Contains("organization.export", await _bench.Host.ActionsAsync(organization.Id.ToString()));
    }

    [Fact]
    public async Task A_table_beyond_the_bound_is_cut_and_the_manifest_says_so()
    {
        _bench.Host.Responder.Statement =
        [
            .. Enumerable.Range(0, 1001).Select(i => new StatementLine(Guid.NewGuid(), DateTimeOffset.UnixEpoch, "top_up", "Card", i)),
        ];

        var files = await DownloadAsync(ExportDownloads.OfOrganization);

        var ledger = JsonElement.Parse(files["manifest.json"]).GetProperty("ledger");
        Assert.Equal((1000, true), (ledger.GetProperty("lines").GetInt32(), ledger.GetProperty("isCut").GetBoolean()));
        Assert.Equal(1001, files["ledger.csv"].Count(one => one == '\n'));
    }

    [Fact]
    public async Task While_a_service_is_away_there_is_no_half_export()
    {
        await _bench.StopLearningAsync();

        var answer = await _ada.OpenAsync(ExportDownloads.OfOrganization);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.False(answer.Headers.ContainsKey("Content-Disposition"));
    }

    [Fact]
    public async Task An_organization_is_exported_to_those_who_manage_it()
    {
        await _bench.SetRoleAsync(MemberRole.Admin);

        var page = await _ada.OpenAsync("/organization/export");
        var download = await _ada.OpenAsync(ExportDownloads.OfOrganization);
        using var stranger = _bench.Host.Browse();
        var signedOut = await stranger.OpenAsync(ExportDownloads.OfOrganization);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (page.Status, download.Status));
        Assert.Equal(HttpStatusCode.Redirect, signedOut.Status);
    }

    /// <summary>Contents of a downloaded ZIP by their names.</summary>
    private async Task<Dictionary<string, string>> DownloadAsync(string path)
    {
        var bytes = await _ada.DownloadAsync(path);
        await using var zip = new ZipArchive(new MemoryStream(bytes));
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in zip.Entries)
        {
            using var reader = new StreamReader(await entry.OpenAsync());
            files[entry.FullName] = await reader.ReadToEndAsync();
        }

        return files;
    }
}
