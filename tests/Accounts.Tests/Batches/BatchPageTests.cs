using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Tests.Learning;

namespace Tollgate.Accounts.Tests.Batches;

public sealed class BatchPageTests : IAsyncLifetime
{
    private const string Endpoint = "/v1/classifications";
    private const string Line =
        """{"custom_id": "a", "method": "POST", "url": "/v1/classifications", "body": {"model": "tiny", "input": "x"}}""" + "\n";

    private LearningBench _bench = null!;
    private PortalBrowser _ada = null!;
    private string _file = "";

    public async Task InitializeAsync()
    {
        _bench = await LearningBench.StartAsync();
        _ada = await _bench.Host.SignUpAsync();
        _file = await LearningBench.AddFileAsync(_ada, Line, "batch");
    }

    public async Task DisposeAsync()
    {
        _ada.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task A_batch_is_made_for_a_chosen_key_watched_and_cancelled()
    {
        var key = PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("batches"));
        var hidden = await _ada.HiddenFieldsAsync("/batches/new", "new-batch");

        var made = LearningBench.PathOf(await _ada.SendAsync("/batches/new", hidden, Fields(key)));
        var again = LearningBench.PathOf(await _ada.SendAsync("/batches/new", hidden, Fields(key)));
        var page = await _ada.OpenAsync(made);
        var live = await _ada.OpenAsync($"{made}/live");
        var cancelled = await _ada.SubmitAndFollowAsync(made, "cancel");
        var list = await _ada.OpenAsync("/batches");

        Assert.Equal(made, again);
        Assert.Contains("validating", page.Html, StringComparison.Ordinal);
        Assert.Contains("data-state=\"validating", live.Html, StringComparison.Ordinal);
        Assert.Contains("cancel", cancelled.Html, StringComparison.Ordinal);
        Assert.Contains($"href=\"{made}\"", list.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_that_are_revoked_or_lack_the_scope_or_are_anothers_are_neither_offered_nor_taken()
    {
        using var eve = await _bench.Host.SignUpAsync("eve@example.com");
        var hers = PortalBrowser.PublicIdOf(await eve.CreateKeyAsync("hers"));
        var narrow = PortalBrowser.PublicIdOf(
            await _ada.CreateKeyAsync("narrow", ("Input.Access.Scopes", "models"), ("Input.Access.ModelRule", "all")));
        var good = PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("good"));
        var gone = PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("gone"));
        var id = await _bench.Host.InScopeAsync<AccountsDb, Guid>(
            db => db.ApiKeys.Where(key => key.PublicId == gone).Select(key => key.Id).SingleAsync());
        await _ada.SubmitAsync($"/keys/{id}/revoke", "revoke");
        var form = await _ada.OpenAsync("/batches/new");
        var hidden = await _ada.HiddenFieldsAsync("/batches/new", "new-batch");

        foreach (var key in (string[])[hers, narrow, gone, "", "nothing"])
        {
            var refused = await _ada.SendAsync("/batches/new", hidden, Fields(key));
            Assert.Equal(HttpStatusCode.OK, refused.Status);
            Assert.Contains("keys that may run batches", refused.Html, StringComparison.Ordinal);
        }

        Assert.Contains($"value=\"{good}\"", form.Html, StringComparison.Ordinal);
        Assert.All([hers, narrow, gone], key => Assert.DoesNotContain($"value=\"{key}\"", form.Html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_projects_batch_is_not_found_and_a_viewer_makes_none()
    {
        var key = PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("batches"));
        var hidden = await _ada.HiddenFieldsAsync("/batches/new", "new-batch");
        var made = LearningBench.PathOf(await _ada.SendAsync("/batches/new", hidden, Fields(key)));
        using var eve = await _bench.Host.SignUpAsync("eve@example.com");

        var hers = await eve.OpenAsync(made);
        var live = await eve.OpenAsync($"{made}/live");
        await _bench.SetRoleAsync(MemberRole.Reader);
        var refused = await _ada.SendAsync("/batches/new", hidden, Fields(key));
        var form = await _ada.OpenAsync("/batches/new");
        var page = await _ada.OpenAsync(made);

        Assert.Equal(HttpStatusCode.NotFound, hers.Status);
        Assert.DoesNotContain("validating", live.Html, StringComparison.Ordinal);
        Assert.Null(refused.Location);
        Assert.Contains("lets you look", form.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Cancel batch", page.Html, StringComparison.Ordinal);
    }

    private (string, string)[] Fields(string key) => [("Input.File", _file), ("Input.Endpoint", Endpoint), ("Input.Key", key)];
}
