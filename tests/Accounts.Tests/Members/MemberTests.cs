using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Tests.Members;

public sealed class MemberTests : IAsyncLifetime
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
    public async Task Only_an_owner_invites_promotes_demotes_or_removes_an_owner()
    {
        using var bob = await _host.JoinAsync(_ada, Bob, "admin");
        using var carl = await _host.JoinAsync(bob, "carl@example.com", "reader");
        var (adaId, carlId) = (await _host.UserIdAsync(Ada), await _host.UserIdAsync("carl@example.com"));
        var ada = $"/members/{adaId}";
        var organization = await _host.OrganizationOfAsync(Ada);

        var invited = await bob.SubmitAsync(
            "/members/invite", "invite", ("Input.Email", "dora@example.com"), ("Input.Role", "owner"));
        var form = await bob.OpenAsync("/members/invite");
        var promote = await bob.HiddenFieldsAsync($"/members/{carlId}", "role");
        var promoted = await bob.SendAsync($"/members/{carlId}", promote, ("Input.Role", "owner"));
        var removed = await bob.SubmitAsync($"{ada}/remove", "remove");
        var page = await bob.OpenAsync(ada);
        var open = (await _host.OpenInvitationsAsync()).Count;
        var byOwner = await _ada.InviteAsync("dora@example.com", "owner");

        Assert.Equal(HttpStatusCode.Forbidden, invited.Status);
        Assert.DoesNotContain("value=\"owner\"", form.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, promoted.Status);
        Assert.Equal(HttpStatusCode.Forbidden, removed.Status);
        Assert.DoesNotContain("Change the role", page.Html, StringComparison.Ordinal);
        Assert.Equal(0, open);
        Assert.StartsWith("/invitations/", byOwner, StringComparison.Ordinal);
        Assert.Equal(["ada@example.com Owner", "bob@example.com Admin", "carl@example.com Reader"], await _host.RolesAsync(organization));
    }

    [Fact]
    public async Task A_demoted_admin_is_refused_by_the_form_of_a_page_that_was_open_before()
    {
        using var bob = await _host.JoinAsync(_ada, Bob, "admin");
        using var carl = await _host.JoinAsync(_ada, "carl@example.com", "reader");
        var carlId = await _host.UserIdAsync("carl@example.com");
        var form = await bob.HiddenFieldsAsync($"/members/{carlId}", "role");

        var demoted = await _ada.SubmitAsync($"/members/{await _host.UserIdAsync(Bob)}", "role", ("Input.Role", "developer"));
        var refused = await bob.SendAsync($"/members/{carlId}", form, ("Input.Role", "admin"));

        Assert.Equal(HttpStatusCode.Redirect, demoted.Status);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("carl@example.com Reader", await _host.RolesAsync(await _host.OrganizationOfAsync(Ada)));
    }

    [Fact]
    public async Task The_last_owner_cannot_leave_be_demoted_or_be_removed_and_one_of_two_may()
    {
        using var bob = await _host.JoinAsync(_ada, Bob, "admin");
        var (ada, bobs) = ($"/members/{await _host.UserIdAsync(Ada)}", $"/members/{await _host.UserIdAsync(Bob)}");
        var organization = await _host.OrganizationOfAsync(Ada);

        var left = await _ada.SubmitAsync($"{ada}/remove", "remove");
        var demoted = await _ada.SubmitAsync(ada, "role", ("Input.Role", "admin"));
        await _ada.SubmitAsync(bobs, "role", ("Input.Role", "owner"));
        var byOther = await bob.SubmitAsync(ada, "role", ("Input.Role", "developer"));
        var removedLast = await bob.SubmitAsync($"{bobs}/remove", "remove");
        await bob.SubmitAsync(ada, "role", ("Input.Role", "owner"));
        var mayLeave = await _ada.SubmitAsync($"{ada}/remove", "remove");

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict), (left.Status, demoted.Status));
        Assert.Contains("the last owner", left.Html, StringComparison.Ordinal);
        Assert.Equal($"{ada}?saved=true", Team.PathOf(byOther));
        Assert.Equal(HttpStatusCode.Conflict, removedLast.Status);
        Assert.Equal("/organizations?left=true", Team.PathOf(mayLeave));
        Assert.Equal(["bob@example.com Owner"], await _host.RolesAsync(organization));
    }

    [Fact]
    public async Task Of_two_owners_who_leave_at_the_same_moment_exactly_one_does()
    {
        using var bob = await _host.JoinAsync(_ada, Bob, "owner");
        var organization = await _host.OrganizationOfAsync(Ada);
        var (ada, bobs) = ($"/members/{await _host.UserIdAsync(Ada)}/remove", $"/members/{await _host.UserIdAsync(Bob)}/remove");
        var (hers, his) = (await _ada.HiddenFieldsAsync(ada, "remove"), await bob.HiddenFieldsAsync(bobs, "remove"));

        var pages = await Task.WhenAll(_ada.SendAsync(ada, hers), bob.SendAsync(bobs, his));

        Assert.Equal([HttpStatusCode.Redirect, HttpStatusCode.Conflict], pages.Select(page => page.Status).Order());
        Assert.Single(await _host.RolesAsync(organization));
    }

    [Fact]
    public async Task A_removed_members_keys_are_refused_at_once_and_the_others_go_on()
    {
        using var bob = await _host.JoinAsync(_ada, Bob);
        var own = PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("ada's"));
        var his = PortalBrowser.PublicIdOf(await bob.CreateKeyAsync("bob's"));

        var removed = await _ada.SubmitAsync($"/members/{await _host.UserIdAsync(Bob)}/remove", "remove");
        var page = await bob.OpenAsync("/keys");

        Assert.Equal("/members?removed=true", Team.PathOf(removed));
        Assert.Equal(KeyState.Revoked, (await _host.RecordAsync(his)).State);
        Assert.Equal(KeyState.Active, (await _host.RecordAsync(own)).State);
        Assert.Equal("/organizations", Team.PathOf(page));
    }

    [Fact]
    public async Task The_founders_keys_end_with_the_founder_and_no_other_key_does()
    {
        using var bob = await _host.JoinAsync(_ada, Bob, "owner");
        var hers = PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("ada's"));
        var his = PortalBrowser.PublicIdOf(await bob.CreateKeyAsync("bob's"));

        await bob.SubmitAsync($"/members/{await _host.UserIdAsync(Ada)}/remove", "remove");

        Assert.Equal(KeyState.Revoked, (await _host.RecordAsync(hers)).State);
        Assert.Equal(KeyState.Active, (await _host.RecordAsync(his)).State);
    }

    [Fact]
    public async Task A_role_that_may_not_make_keys_disables_the_members_keys()
    {
        using var bob = await _host.JoinAsync(_ada, Bob);
        var his = PortalBrowser.PublicIdOf(await bob.CreateKeyAsync("bob's"));

        await _ada.SubmitAsync($"/members/{await _host.UserIdAsync(Bob)}", "role", ("Input.Role", "billing"));

        Assert.Equal(KeyState.Disabled, (await _host.RecordAsync(his)).State);
        Assert.Equal(
            ["member.invite", "member.join", "member.role"],
            await _host.InScopeAsync<AccountsDb, List<string>>(db => db.AuditEntries.Where(one => one.Action.StartsWith("member."))
                .OrderBy(one => one.Id).Select(one => one.Action).ToListAsync()));
    }

    [Fact]
    public async Task Another_organizations_member_is_not_found_by_page_or_form()
    {
        using var eve = await _host.SignUpAsync("eve@example.com");
        var path = $"/members/{await _host.UserIdAsync(Ada)}";
        var own = $"/members/{await _host.UserIdAsync("eve@example.com")}";
        var remove = await eve.HiddenFieldsAsync($"{own}/remove", "remove");

        var looked = await eve.OpenAsync(path);
        var removed = await eve.SendAsync($"{path}/remove", remove);
        var list = await eve.OpenAsync("/members");

        Assert.Equal(HttpStatusCode.NotFound, looked.Status);
        Assert.NotEqual(HttpStatusCode.Redirect, removed.Status);
        Assert.True((int)removed.Status < 500);
        Assert.DoesNotContain(Ada, looked.Html + removed.Html + list.Html, StringComparison.Ordinal);
        Assert.Equal(["ada@example.com Owner"], await _host.RolesAsync(await _host.OrganizationOfAsync(Ada)));
    }

    [Fact]
    public async Task An_unknown_role_is_named_and_changes_nothing()
    {
        using var bob = await _host.JoinAsync(_ada, Bob);
        var path = $"/members/{await _host.UserIdAsync(Bob)}";

        var word = await _ada.SubmitAsync(path, "role", ("Input.Role", "emperor"));
        var id = await _ada.SubmitAsync(path, "role", ("Input.Role", Guid.NewGuid().ToString()));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (word.Status, id.Status));
        Assert.Contains("There is no such role", id.Html, StringComparison.Ordinal);
        Assert.Contains("bob@example.com Developer", await _host.RolesAsync(await _host.OrganizationOfAsync(Ada)));
    }
}
