using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Tests.Learning;

namespace Tollgate.Accounts.Tests.Files;

public sealed class FilePageTests : IAsyncLifetime
{
    private const string Good = """
        {"text": "I like it", "label": "good"}
        {"text": "I hate it", "label": "bad"}

        """;

    private LearningBench _bench = null!;
    private PortalBrowser _ada = null!;

    public async Task InitializeAsync()
    {
        _bench = await LearningBench.StartAsync();
        _ada = await _bench.Host.SignUpAsync();
    }

    public async Task DisposeAsync()
    {
        _ada.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task A_file_is_sent_listed_read_downloaded_and_deleted_with_a_receipt()
    {
        var id = await LearningBench.AddFileAsync(_ada, Good, "fine-tune", "Bewertungen \"ü\".jsonl");

        var list = await _ada.OpenAsync("/files");
        var page = await _ada.OpenAsync($"/files/{id}");
        var content = await _ada.OpenAsync($"/files/{id}/content");
        var receipt = await _ada.SubmitAndFollowAsync($"/files/{id}/delete", "delete");
        var after = await _ada.OpenAsync($"/files/{id}");
        var gone = await _ada.OpenAsync($"/files/{id}/content");

        Assert.Contains($"href=\"/files/{id}\"", list.Html, StringComparison.Ordinal);
        Assert.Contains("Bewertungen \"ü\".jsonl", WebUtility.HtmlDecode(list.Html), StringComparison.Ordinal);
        Assert.Contains("2 rows, no fault.", page.Html, StringComparison.Ordinal);
        Assert.Equal(Good, content.Html);
        Assert.Equal("nosniff", content.Headers["X-Content-Type-Options"]);
        Assert.Contains("by a member of the organization", receipt.Html, StringComparison.Ordinal);
        Assert.Contains("HMAC-SHA256", receipt.Html, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (after.Status, gone.Status));
        var entries = await _bench.Host.InScopeAsync<AccountsDb, List<string>>(
            db => db.AuditEntries.Where(entry => entry.Subject == id).OrderBy(entry => entry.Id).Select(entry => entry.Action)
                .ToListAsync());
        Assert.Equal(["file.send", "file.delete"], entries);
    }

    [Fact]
    public async Task Each_fault_of_a_file_stands_in_a_table_with_its_line_and_column_and_nothing_of_it_is_markup()
    {
        var id = await LearningBench.AddFileAsync(
            _ada, """
            {"text": "fine", "label": "<script>alert(1)</script>"}
            {"text": "no label"}

            """, "fine-tune", "<img src=x>.jsonl");

        var page = await _ada.OpenAsync($"/files/{id}");

        Assert.Contains("has faults", page.Html, StringComparison.Ordinal);
        Assert.Matches("<td class=\"num\">2</td>\\s*<td class=\"num\">\\d+</td>", page.Html);
        Assert.Contains("missing_label", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img src=x>", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_file_leads_back_to_the_form_with_the_reason_and_no_link_shows_a_strangers_words()
    {
        using var eve = await _bench.Host.SignUpAsync("eve@example.com");
        var empty = await LearningBench.SendFileAsync(_ada, [], "fine-tune", "");
        var wrong = await LearningBench.SendFileAsync(_ada, Encoding.UTF8.GetBytes(Good), "assistants", "a.jsonl");

        var shown = await _ada.OpenAsync(empty.Location!);
        var other = await _ada.OpenAsync(wrong.Location!);
        var hers = await eve.OpenAsync(wrong.Location!);
        var forged = await _ada.OpenAsync("/files/new?refused=Call%20the%20operator");

        Assert.Contains("Choose a file.", shown.Html, StringComparison.Ordinal);
        Assert.Contains("assistants", other.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"refused\"", hers.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Call the operator", forged.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_without_its_token_or_with_anothers_sends_nothing()
    {
        using var eve = await _bench.Host.SignUpAsync("eve@example.com");
        var hers = LearningBench.TokenOn(await eve.OpenAsync("/files/new"));

        var without = await LearningBench.SendFileAsync(_ada, Encoding.UTF8.GetBytes(Good), "fine-tune", "a.jsonl", token: "");
        var foreign = await LearningBench.SendFileAsync(_ada, Encoding.UTF8.GetBytes(Good), "fine-tune", "a.jsonl", hers);
        var list = await _ada.OpenAsync("/files");

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (without.Status, foreign.Status));
        Assert.Contains("No files yet", list.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_viewer_reads_and_changes_nothing()
    {
        var id = await LearningBench.AddFileAsync(_ada, Good, "fine-tune");
        var hidden = await _ada.HiddenFieldsAsync($"/files/{id}/delete", "delete");
        await _bench.SetRoleAsync(MemberRole.Reader);

        var page = await _ada.OpenAsync($"/files/{id}");
        var form = await _ada.OpenAsync("/files/new");
        var sent = await LearningBench.SendFileAsync(
            _ada, Encoding.UTF8.GetBytes(Good), "fine-tune", "b.jsonl", hidden["__RequestVerificationToken"]);
        await _ada.SendAsync($"/files/{id}/delete", hidden);
        var still = await _ada.OpenAsync($"/files/{id}/content");

        Assert.DoesNotContain("/delete\"", page.Html, StringComparison.Ordinal);
        Assert.Contains("lets you look", form.Html, StringComparison.Ordinal);
        Assert.StartsWith("/files/new?refused=", sent.Location!, StringComparison.Ordinal);
        Assert.Equal(Good, still.Html);
    }

    [Fact]
    public async Task Another_projects_file_is_not_found_and_an_id_leads_to_no_other_path()
    {
        var id = await LearningBench.AddFileAsync(_ada, Good, "fine-tune");
        using var eve = await _bench.Host.SignUpAsync("eve@example.com");

        string[] paths = [id, $"{id}/content", $"{id}/delete", $"{id}/receipt", "..", "%2e%2e", ".", "..%2fbatches", "file-1"];
        foreach (var path in paths)
        {
            var page = await eve.OpenAsync($"/files/{path}");
            Assert.True(page.Status == HttpStatusCode.NotFound || path is ".." or "%2e%2e" or ".", $"{path}: {page.Status}");
            Assert.DoesNotContain("I like it", page.Html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_large_file_passes_through_and_one_above_the_limit_is_refused()
    {
        var line = Encoding.UTF8.GetBytes($$"""{"text": "{{new string('a', 1000)}}", "label": "x"}""" + "\n");
        var large = Enumerable.Repeat(line, 20_000).SelectMany(bytes => bytes).ToArray(); // 20 MB
        await using var small = await LearningBench.StartAsync("--Portal:MaxUploadBytes=100000");
        using var bob = await small.Host.SignUpAsync("bob@example.com");

        var sent = await LearningBench.SendFileAsync(_ada, large, "user_data", "large.jsonl");
        var refused = await LearningBench.SendFileAsync(bob, large[..500_000], "user_data", "large.jsonl");

        Assert.StartsWith("/files/file-", sent.Location ?? sent.Html, StringComparison.Ordinal);
        Assert.StartsWith("/files/new?refused=", refused.Location ?? refused.Html, StringComparison.Ordinal);
        Assert.Contains("too large", (await bob.OpenAsync(refused.Location!)).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_Learning_is_away_the_pages_say_so()
    {
        await _bench.StopLearningAsync();

        var list = await _ada.OpenAsync("/files");
        var batches = await _ada.OpenAsync("/batches");
        var jobs = await _ada.OpenAsync("/fine-tuning");

        Assert.All([list, batches, jobs], page => Assert.Contains("not reachable right now", page.Html, StringComparison.Ordinal));
    }
}
