using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Departures;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Sessions;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Tests.Departures;

/// <summary>A person leaves.</summary>
public sealed class AccountDepartureTests : IAsyncLifetime
{
    private const string Ada = "ada@example.com";
    private const string Bob = "bob@example.com";
    private AccountsHost _host = null!;
    private PortalBrowser _ada = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        _ada = await _host.SignUpAsync(Ada);
    }

    public async Task DisposeAsync()
    {
        _ada.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Deletion_asks_for_the_address_and_then_every_page_leads_to_the_one_that_keeps_the_account()
    {
        var wrong = await _ada.SubmitAsync("/account/delete", "delete-account", ("Confirmation", "bob@example.com"));
        var before = await _ada.OpenAsync("/overview");
        var leaving = await RequestAsync();
        var overview = await _ada.OpenAsync("/overview");
        var export = await _ada.OpenAsync("/account/export");
        using var elsewhere = _host.Browse();
        await elsewhere.SignInAsync(Ada);
        var afterSignIn = await elsewhere.OpenAsync("/keys");

        Assert.Contains("not the address of your account", wrong.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, before.Status);
        Assert.Contains("Keep my account", leaving.Html, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.Redirect, "/account/leaving"), (overview.Status, overview.Location));
        Assert.Equal("/account/leaving", afterSignIn.Location);
        Assert.Equal(HttpStatusCode.OK, export.Status);
        Assert.Contains("To keep it, sign in", await _host.MailAsync(Ada, "Your account is to be deleted"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kept_account_and_its_organization_work_as_before()
    {
        var organization = await _host.OrganizationOfAsync(Ada);
        await RequestAsync();
        var closed = await _host.PolicyAsync(organization.Id);
        var kept = await _ada.SubmitAndFollowAsync("/account/leaving", "keep-account");
        await _host.MakeDueAsync();
        await _host.RunDeparturesAsync();

        var overview = await _ada.OpenAsync("/overview");
        var userId = await _host.UserIdAsync(Ada);

        Assert.True(closed.Suspended);
        Assert.Contains("Nothing was deleted", kept.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, overview.Status);
        Assert.DoesNotContain("is to be deleted", overview.Html, StringComparison.Ordinal);
        Assert.False((await _host.PolicyAsync(organization.Id)).Suspended);
        Assert.Equal(
            ["account.sign-up", "email.confirm", "account.request-deletion", "account.cancel-deletion"],
            await _host.ActionsAsync(userId.ToString()));
        Assert.Equal(
            ["organization.create", "organization.request-deletion", "organization.cancel-deletion"],
            await _host.ActionsAsync(organization.Id.ToString()));
    }

    [Fact]
    public async Task The_only_owner_of_an_organization_with_others_is_refused_and_it_is_named()
    {
        using var bob = await _host.SignUpAsync(Bob);
        var organization = await _host.OrganizationOfAsync(Ada);
        var sent = await _ada.HiddenFieldsAsync("/account/delete", "delete-account");
        await _host.AddMemberAsync(organization, Bob, MemberRole.Admin);

        var page = await _ada.OpenAsync("/account/delete");
        await _ada.SendAsync("/account/delete", sent, ("Confirmation", Ada));
        var departures = await CountDeparturesAsync();
        await _host.SqlAsync("update accounts.memberships set role = 0");
        var withTwoOwners = await _ada.OpenAsync("/account/delete");

        Assert.Contains("only owner of an organization that has other members", page.Html, StringComparison.Ordinal);
        Assert.Contains(organization.Name, WebUtility.HtmlDecode(page.Html), StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"Confirmation\"", page.Html, StringComparison.Ordinal);
        Assert.Equal(0, departures);
        Assert.Contains("name=\"Confirmation\"", withTwoOwners.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_the_grace_period_the_person_is_gone_and_a_signed_receipt_is_mailed()
    {
        using var bob = await _host.SignUpAsync(Bob);
        var shared = await _host.OrganizationOfAsync(Bob);
        await _host.AddMemberAsync(shared, Ada, MemberRole.Developer);
        var userId = await _host.UserIdAsync(Ada);
        var own = PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("my own"));
        var service = PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("a service's"));
        await _host.SqlAsync($"update accounts.api_keys set owner_id = '{userId}' where public_id = '{own}'");
        await _host.SqlAsync($"update accounts.api_keys set owner_id = null where public_id = '{service}'");
        await RequestAsync();
        AnswerFor(await _host.OrganizationOfAsync(Ada));
        await _host.MakeDueAsync();

        await _host.RunDeparturesAsync();

        var departure = await _host.DepartureAsync(DepartureKind.Account);
        var mail = await _host.MailAsync(Ada, "Your account is deleted");
        using var late = _host.Browse();
        var signIn = await late.SignInAsync(Ada);
        var user = await _host.InScopeAsync<AccountsDb, Accounts.Users.User>(
            db => db.Users.AsNoTracking().SingleAsync(one => one.Id == userId));
        Assert.NotNull(departure.FinishedAt);
        Assert.Contains(departure.Receipt!, mail, StringComparison.Ordinal);
        Assert.Contains($"HMAC-SHA256 p2 {Convert.ToHexStringLower(SignatureOf(departure.Receipt!))}", mail, StringComparison.Ordinal);
        Assert.Contains($"user-{userId:N}", departure.Receipt!, StringComparison.Ordinal);
        Assert.Equal((null, null, null, false), (user.Email, user.PasswordHash, user.NormalizedEmail, user.EmailConfirmed));
        Assert.DoesNotContain("ada", user.UserName!, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("do not match", signIn.Html, StringComparison.Ordinal);
        Assert.Equal("/sign-in", new Uri((await _ada.OpenAsync("/keys")).Location!).AbsolutePath);
        Assert.Equal((KeyState.Revoked, KeyState.Active), (await StateAsync(own), await StateAsync(service)));
        Assert.Equal(KeyState.Revoked, (await _host.RecordAsync(own)).State);
        Assert.Equal(0, await _host.InScopeAsync<AccountsDb, int>(db => db.Sessions.CountAsync(one => one.UserId == userId)));
        Assert.Equal(0, await _host.InScopeAsync<AccountsDb, int>(db => db.Memberships.CountAsync(one => one.UserId == userId)));
        Assert.Equal(
            ["account.sign-up", "email.confirm", "account.request-deletion", "account.delete"],
            await _host.ActionsAsync(userId.ToString()));
    }

    [Fact]
    public async Task An_address_whose_account_was_deleted_can_sign_up_again()
    {
        AnswerFor(await _host.OrganizationOfAsync(Ada));
        var before = await _host.UserIdAsync(Ada);
        await RequestAsync();
        await _host.MakeDueAsync();
        await _host.RunDeparturesAsync();
        foreach (var file in Directory.EnumerateFiles(_host.MailFolder, "*.eml"))
        {
            File.Delete(file);
        }

        using var again = await _host.SignUpAsync(Ada);
        var overview = await again.OpenAsync("/overview");

        Assert.Equal(HttpStatusCode.OK, overview.Status);
        Assert.NotEqual(before, await _host.UserIdAsync(Ada));
    }

    [Fact]
    public async Task An_account_that_is_needed_by_the_end_of_the_period_is_kept_and_its_owner_learns_why()
    {
        var organization = await _host.OrganizationOfAsync(Ada);
        await RequestAsync();
        using var bob = await _host.SignUpAsync(Bob);
        await _host.AddMemberAsync(organization, Bob, MemberRole.Admin);
        await _host.MakeDueAsync();

        await _host.RunDeparturesAsync();

        var overview = await _ada.OpenAsync("/overview");
        var mail = await _host.MailAsync(Ada, "Your account was not deleted");
        Assert.Equal(HttpStatusCode.OK, overview.Status);
        Assert.Contains(organization.Name, mail, StringComparison.Ordinal);
        Assert.False((await _host.PolicyAsync(organization.Id)).Suspended);
    }

    /// <summary>HMAC-SHA-256 under the key that is derived from the current pepper.</summary>
    internal static byte[] SignatureOf(string text) => HMACSHA256.HashData(
        HKDF.DeriveKey(
            HashAlgorithmName.SHA256, AccountsHost.Pepper, 32, salt: [], Encoding.ASCII.GetBytes("tollgate/accounts/receipts")),
        Encoding.UTF8.GetBytes(text));

    private Task<Page> RequestAsync() =>
        _ada.SubmitAndFollowAsync("/account/delete", "delete-account", ("Confirmation", " ADA@example.com "));

    /// <summary>Lets the stand-in of Learning have nothing of an organization.</summary>
    private void AnswerFor(Organization organization) =>
        _host.Responder.Answers[$"/internal/organizations/{organization.Id}/contents"] =
            """{"files":0,"fileBytes":0,"models":0,"responses":0,"batches":0,"jobs":0,"isDone":true}""";

    private Task<int> CountDeparturesAsync() => _host.InScopeAsync<AccountsDb, int>(db => db.Departures.CountAsync());

    private Task<KeyState> StateAsync(string publicId) => _host.InScopeAsync<AccountsDb, KeyState>(
        db => db.ApiKeys.Where(key => key.PublicId == publicId).Select(key => key.State).SingleAsync());
}
