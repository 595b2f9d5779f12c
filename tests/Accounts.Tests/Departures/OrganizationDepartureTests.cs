using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Departures;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Tests.Learning;
using Tollgate.Contracts.Keys;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Departures;

/// <summary>An organization leaves, with a real Learning.</summary>
public sealed class OrganizationDepartureTests : IAsyncLifetime
{
    private const string Ada = "ada@example.com";
    private const string Line = """{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x"}}""";
    private LearningBench _bench = null!;
    private PortalBrowser _ada = null!;
    private Organization _organization = null!;

    private AccountsHost Host => _bench.Host;

    public async Task InitializeAsync()
    {
        _bench = await LearningBench.StartAsync();
        _ada = await Host.SignUpAsync(Ada);
        _organization = await Host.OrganizationOfAsync(Ada);
        await Until.TrueAsync(() => Host.Responder.Wallets.ContainsKey(_organization.Id), "the wallet");
    }

    public async Task DisposeAsync()
    {
        _ada.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task Keys_are_refused_at_once_and_work_again_when_an_owner_keeps_the_organization()
    {
        var wrong = await _ada.SubmitAsync("/organization/delete", "delete-organization", ("Confirmation", "another"));
        var asked = await _ada.OpenAsync("/organization/delete");
        var requested = await RequestAsync();
        var closed = await Host.PolicyAsync(_organization.Id);
        var again = await _ada.OpenAsync("/overview");
        var kept = await _ada.SubmitAndFollowAsync("/organization/delete", "keep-organization");
        var open = await Host.PolicyAsync(_organization.Id);

        Assert.Contains("not the name of the organization", wrong.Html, StringComparison.Ordinal);
        Assert.Contains("pays it back on request", asked.Html, StringComparison.Ordinal);
        Assert.Contains("$4.999912", asked.Html, StringComparison.Ordinal);
        Assert.Contains("Keep the organization", requested.Html, StringComparison.Ordinal);
        Assert.Contains("is to be deleted on", again.Html, StringComparison.Ordinal);
        Assert.True(closed.Suspended);
        Assert.Contains("Keys work again", kept.Html, StringComparison.Ordinal);
        Assert.False(open.Suspended);
        Assert.True(string.CompareOrdinal(open.Version.ToString("N"), closed.Version.ToString("N")) > 0);
        await Host.MailAsync(Ada, $"{_organization.Name} is kept");
    }

    [Fact]
    public async Task Keeping_an_organization_does_not_lift_the_operators_suspension()
    {
        await RequestAsync();
        await Host.InScopeAsync<PolicyRegister, int>(async policies =>
        {
            await policies.SetSuspendedAsync(_organization.Id, suspended: true, "unpaid", null, CancellationToken.None);
            return 0;
        });

        await _ada.SubmitAndFollowAsync("/organization/delete", "keep-organization");

        Assert.True((await Host.PolicyAsync(_organization.Id)).Suspended);
    }

    [Fact]
    public async Task Only_an_owner_deletes_an_organization()
    {
        var form = await _ada.HiddenFieldsAsync("/organization/delete", "delete-organization");
        await _bench.SetRoleAsync(MemberRole.Admin);

        var page = await _ada.OpenAsync("/organization/delete");
        var sent = await _ada.SendAsync("/organization/delete", form, ("Confirmation", _organization.Name));

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (page.Status, sent.Status));
        Assert.False((await Host.PolicyAsync(_organization.Id)).Suspended);
    }

    [Fact]
    public async Task After_the_grace_period_contents_names_and_keys_are_gone_and_owners_have_a_signed_receipt()
    {
        var key = PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("secret project"));
        await LearningBench.AddFileAsync(_ada, Line, "batch", "customers.jsonl");
        await LearningBench.AddFileAsync(_ada, Line, "batch", "more.jsonl");
        await RequestAsync();
        await Host.MakeDueAsync();

        await Host.RunDeparturesAsync();

        var departure = await Host.DepartureAsync(DepartureKind.Organization);
        var mail = await Host.MailAsync(Ada, $"The organization {_organization.Name} is deleted");
        Assert.NotNull(departure.FinishedAt);
        Assert.Equal(
            (1, 2, 2L * Encoding.UTF8.GetByteCount(Line), 4.25m),
            (departure.Destroyed.Keys, departure.Destroyed.Files, departure.Destroyed.FileBytes, departure.Destroyed.Balance));
        Assert.Contains("files 2\n", departure.Receipt!, StringComparison.Ordinal);
        Assert.Contains("balance-usd 4.25", departure.Receipt!, StringComparison.Ordinal);
        Assert.Contains(departure.Receipt!, mail, StringComparison.Ordinal);
        Assert.Contains(
            $"HMAC-SHA256 p2 {Convert.ToHexStringLower(AccountDepartureTests.SignatureOf(departure.Receipt!))}", mail,
            StringComparison.Ordinal);
        Assert.Contains("$4.25 were left", mail, StringComparison.Ordinal);
        Assert.Equal(KeyState.Revoked, (await Host.RecordAsync(key)).State);
        Assert.True((await Host.PolicyAsync(_organization.Id)).Suspended);
        Assert.Equal(
            ("Deleted organization", "Deleted project", "Deleted key", 0),
            await Host.InScopeAsync<AccountsDb, (string, string, string, int)>(async db => (
                await db.Organizations.Select(one => one.Name).SingleAsync(), await db.Projects.Select(one => one.Name).SingleAsync(),
                await db.ApiKeys.Select(one => one.Name).SingleAsync(), await db.Memberships.CountAsync())));
        Assert.Contains("organization.delete", await Host.ActionsAsync(_organization.Id.ToString()));
    }

    [Theory]
    [InlineData(nameof(DepartureStep.Waiting))]
    [InlineData(nameof(DepartureStep.Keys))]
    [InlineData(nameof(DepartureStep.Contents))]
    [InlineData(nameof(DepartureStep.Books))]
    public async Task A_kill_between_a_step_and_its_note_changes_nothing_but_that_the_step_is_taken_twice(string killedAfter)
    {
        var key = PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("one"));
        await LearningBench.AddFileAsync(_ada, Line, "batch");
        await RequestAsync();
        await Host.MakeDueAsync();
        var id = (await Host.DepartureAsync(DepartureKind.Organization)).Id;
        var step = Enum.Parse<DepartureStep>(killedAfter);

        while ((await Host.DepartureAsync(DepartureKind.Organization)).Step <= step)
        {
            await TakeAsync(id);
        }

        // What a kill before the commit leaves.
        await Host.SqlAsync($"update accounts.departures set step = {(int)step}, destroyed = jsonb_build_object()");
        await Host.RunDeparturesAsync();

        var departure = await Host.DepartureAsync(DepartureKind.Organization);
        Assert.NotNull(departure.FinishedAt);
        Assert.Equal(step <= DepartureStep.Contents ? 1 : 0, departure.Destroyed.Files);
        Assert.Equal(4.25m, departure.Destroyed.Balance);
        Assert.Equal(KeyState.Revoked, (await Host.RecordAsync(key)).State);
        await Host.MailAsync(Ada, $"The organization {_organization.Name} is deleted");
        Assert.Single(await Host.MailsAsync(Ada, $"The organization {_organization.Name} is deleted"));
        Assert.Equal(1, (await Host.ActionsAsync(key)).Count(action => action == "key.revoke"));
    }

    [Fact]
    public async Task Another_instance_that_takes_the_same_step_at_once_takes_nothing_twice()
    {
        await _ada.CreateKeyAsync("one");
        await RequestAsync();
        await Host.MakeDueAsync();
        var id = (await Host.DepartureAsync(DepartureKind.Organization)).Id;

        while ((await Host.DepartureAsync(DepartureKind.Organization)).FinishedAt is null)
        {
            await Task.WhenAll(TakeAsync(id), TakeAsync(id), TakeAsync(id));
        }

        var subject = $"The organization {_organization.Name} is deleted";
        await Host.MailAsync(Ada, subject);
        Assert.Single(await Host.MailsAsync(Ada, subject));
        Assert.Equal(1, (await Host.DepartureAsync(DepartureKind.Organization)).Destroyed.Keys);
        Assert.Equal(1, (await Host.ActionsAsync(_organization.Id.ToString())).Count(action => action == "organization.delete"));
    }

    [Fact]
    public async Task A_step_waits_for_a_service_that_is_away_and_the_others_stay_done()
    {
        await RequestAsync();
        await Host.MakeDueAsync();
        Host.Responder.Answers[$"/internal/organizations/{_organization.Id}/wallet/closing"] = "not json";

        await Host.RunDeparturesAsync();
        var waiting = await Host.DepartureAsync(DepartureKind.Organization);
        Host.Responder.Answers.Clear();
        await Host.RunDeparturesAsync();
        var finished = await Host.DepartureAsync(DepartureKind.Organization);

        Assert.Equal((DepartureStep.Books, null), (waiting.Step, waiting.FinishedAt));
        Assert.NotNull(finished.FinishedAt);
    }

    private Task<Page> RequestAsync() =>
        _ada.SubmitAndFollowAsync("/organization/delete", "delete-organization", ("Confirmation", _organization.Name));

    private Task<bool> TakeAsync(Guid id) =>
        Host.InScopeAsync<DepartureSteps, bool>(steps => steps.TakeAsync(id, CancellationToken.None));
}
