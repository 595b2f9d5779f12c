using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Tests.Canaries;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Tests.ModelVersions;

/// <summary>The operator's pages about versions, as a browser without scripts uses them.</summary>
public sealed class VersionPageTests : IAsyncLifetime
{
    private AccountsHost _host = null!;
    private PortalBrowser _browser = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        _browser = await _host.BrowseAsOperatorAsync();
        var parity = new ModelParity
        {
            Tokens = 128, Agreed = 122, Divergence = 0.00412, Perplexity = 25.123, SourcePerplexity = 25, WidestMargin = 0.2,
            Repeats = false,
        };
        var first = Served.Version("m", "1");
        var status = Served.Status(
            "worker-1", first with { Card = first.Card with { Precision = "int8", Parity = parity } }, Served.Version("m", "2"),
            Served.Version("m", "3", ModelState.Broken, "The file <b>is</b> cut."));
        _host.Responder.Fleet = new(DateTimeOffset.UnixEpoch, [new FleetWorker("http://worker-1:1", true, status)]);
    }

    public async Task DisposeAsync()
    {
        _browser.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Pages_show_versions_with_state_memory_precision_and_what_is_broken()
    {
        var list = await _browser.OpenAsync("/admin/models");
        var page = await _browser.OpenAsync("/admin/models/m");
        var unknown = await _browser.OpenAsync("/admin/models/x");

        Assert.Contains("href=\"/admin/models/m\"", list.Html, StringComparison.Ordinal);
        Assert.Contains("broken version", list.Html, StringComparison.Ordinal);
        var text = WebUtility.HtmlDecode(page.Html);
        Assert.Contains("286.1 MiB", text, StringComparison.Ordinal); // 300,000,000 bytes
        Assert.Contains("122 of 128 likeliest tokens are the source's", text, StringComparison.Ordinal);
        Assert.Contains("The file &lt;b&gt;is&lt;/b&gt; cut.", page.Html, StringComparison.Ordinal);
        Assert.Contains("the newest version answers all requests", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, unknown.Status);
    }

    [Fact]
    public async Task Forms_change_the_plan_once_and_the_audit_names_the_operator()
    {
        await _browser.SubmitAndFollowAsync(
            "/admin/models/m", "weights", ("WeightsInput.Weights[1]", "3"), ("WeightsInput.Weights[2]", "1"),
            ("WeightsInput.Weights[3]", ""));
        var weighted = await PlanAsync();
        await _browser.SubmitAndFollowAsync(
            "/admin/models/m", "weights", ("WeightsInput.Weights[1]", "3"), ("WeightsInput.Weights[2]", ""));
        await _browser.SubmitAndFollowAsync(
            "/admin/models/m", "shadow", ("ShadowInput.Version", "2"), ("ShadowInput.Percent", "20"));
        var shadowed = await PlanAsync();
        var asked = await _browser.OpenAsync("/admin/models/m/unload");
        await _browser.SubmitAndFollowAsync("/admin/models/m/unload", "unload");
        var unloaded = await PlanAsync();
        await _browser.SubmitAndFollowAsync("/admin/models/m", "load");
        await _browser.SubmitAndFollowAsync("/admin/models/m", "clear");

        Assert.Equal([new PlannedVersion("1", 3), new PlannedVersion("2", 1)], weighted!.Versions);
        Assert.Equal([new PlannedVersion("1", 3), new PlannedVersion("2", 0, 20)], shadowed!.Versions);
        Assert.Contains("Unload m?", asked.Html, StringComparison.Ordinal);
        Assert.True(unloaded!.Unloaded);
        Assert.Null(await PlanAsync());
        var operators = await _host.InScopeAsync<AccountsDb, Guid>(db => db.Users.Select(user => user.Id).SingleAsync());
        Assert.Equal(
            ["plan.weights", "plan.weights", "plan.shadow", "plan.unload", "plan.load", "plan.clear"],
            await _host.InScopeAsync<AccountsDb, List<string>>(db => db.AuditEntries
                .Where(entry => entry.Action.StartsWith("plan.") && entry.ActorId == operators).OrderBy(entry => entry.Id)
                .Select(entry => entry.Action).ToListAsync()));
    }

    [Fact]
    public async Task A_wrong_form_names_every_fault_keeps_what_was_written_and_changes_nothing()
    {
        var weights = await _browser.SubmitAsync(
            "/admin/models/m", "weights", ("WeightsInput.Weights[1]", "many"), ("WeightsInput.Weights[2]", "-1"));
        var shadow = await _browser.SubmitAsync("/admin/models/m", "shadow", ("ShadowInput.Version", "2"), ("ShadowInput.Percent", ""));
        var canary = await _browser.SubmitAsync(
            "/admin/models/m", "canary", ("CanaryInput.Version", "2"), ("CanaryInput.Steps", "5, x"), ("CanaryInput.WindowMinutes", "0"),
            ("CanaryInput.Errors", "2"), ("CanaryInput.Latency", "0.5"), ("CanaryInput.Least", ""));
        var broken = await _browser.SubmitAsync("/admin/models/m", "canary", ("CanaryInput.Version", "3"));
        var none = await _browser.SubmitAsync("/admin/models/m", "canary", ("CanaryInput.Version", ""));

        Assert.Contains("Weight of version 1: a whole number from 0 to 1,000,000.", weights.Html, StringComparison.Ordinal);
        Assert.Contains("Weight of version 2", weights.Html, StringComparison.Ordinal);
        Assert.Contains("value=\"many\"", weights.Html, StringComparison.Ordinal);
        Assert.Contains("Percent: state a number", shadow.Html, StringComparison.Ordinal);
        Assert.Contains("Steps: a whole number from 1 to 100.", canary.Html, StringComparison.Ordinal);
        Assert.Contains("Window: a number from 0.1 to 10080.", canary.Html, StringComparison.Ordinal);
        Assert.Contains("Latency ratio: a number from 1 to 100.", canary.Html, StringComparison.Ordinal);
        Assert.Contains("value=\"5, x\"", canary.Html, StringComparison.Ordinal);
        Assert.Contains("cannot serve version 3", broken.Html, StringComparison.Ordinal);
        Assert.Contains("Choose a version", none.Html, StringComparison.Ordinal);
        Assert.Null(await PlanAsync());
    }

    [Fact]
    public async Task A_canary_is_started_shown_and_rolled_back_and_an_old_page_does_nothing_to_the_next_one()
    {
        await _browser.SubmitAndFollowAsync("/admin/models/m", "weights", ("WeightsInput.Weights[1]", "1"));
        var running = await _browser.SubmitAndFollowAsync(
            "/admin/models/m", "canary", ("CanaryInput.Version", "2"), ("CanaryInput.Steps", "10 100"),
            ("CanaryInput.WindowMinutes", "60"));
        var live = await _browser.OpenAsync("/admin/models/m/live");
        var rollBack = await _browser.HiddenFieldsAsync("/admin/models/m", "rollback");
        var promote = await _browser.HiddenFieldsAsync("/admin/models/m", "promote");
        await _browser.SendAsync("/admin/models/m", rollBack);
        var ended = await _browser.OpenAsync("/admin/models/m");
        await _browser.SubmitAndFollowAsync("/admin/models/m", "canary", ("CanaryInput.Version", "2"), ("CanaryInput.Steps", "10 100"));
        await _browser.SendAsync("/admin/models/m", promote);
        var second = await _browser.OpenAsync("/admin/models/m");

        Assert.Contains("The window of 01:00:00 is not over.", running.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Set weights", running.Html, StringComparison.Ordinal);
        Assert.Contains("answers 10 %", live.Html, StringComparison.Ordinal);
        Assert.Contains("Rolled back by the operator.", ended.Html, StringComparison.Ordinal);
        Assert.Contains("Set weights", ended.Html, StringComparison.Ordinal);
        Assert.Contains("answers 10 %", second.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Customers_find_none_of_the_pages()
    {
        using var ada = await _host.SignUpAsync();

        foreach (var path in (string[])["/admin/models", "/admin/models/m", "/admin/models/m/live", "/admin/models/m/unload"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await ada.OpenAsync(path)).Status);
        }
    }

    private Task<ModelPlan?> PlanAsync() => _host.InScopeAsync<PlanBook, ModelPlan?>(
        async plans => (await plans.ListAsync(CancellationToken.None)).SingleOrDefault()?.ToPlan());
}
