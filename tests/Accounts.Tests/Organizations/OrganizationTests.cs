using System.Net;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Tests.Members;
using Tollgate.Contracts.Keys;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Organizations;

public sealed class OrganizationTests : IAsyncLifetime
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
    public async Task A_new_name_shows_at_once_and_reaches_Billing()
    {
        const string Name = "Läuft & <b>Söhne</b>";
        var organization = await _host.OrganizationOfAsync(Ada);

        var saved = await _ada.SubmitAndFollowAsync("/organization", "rename", ("Input.Name", $" {Name} "));

        Assert.Contains("Saved.", saved.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>S", saved.Html, StringComparison.Ordinal);
        await Until.TrueAsync(() => _host.Responder.Wallets.GetValueOrDefault(organization)?.Name == Name, "Billing has the name");
        Assert.Equal(
            Name, await _host.InScopeAsync<AccountsDb, string>(db => db.Organizations.Select(one => one.Name).SingleAsync()));
    }

    [Theory]
    [InlineData("", "Give the organization a name.")]
    [InlineData("a\u0007b", "No control characters.")]
    public async Task A_name_that_cannot_be_is_named(string name, string fault)
    {
        var page = await _ada.SubmitAsync("/organization", "rename", ("Input.Name", name));

        Assert.Contains(fault, page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ownership_goes_to_a_member_after_the_name_was_typed()
    {
        using var bob = await _host.JoinAsync(_ada, Bob, "admin");
        var member = ("Input.Member", (await _host.UserIdAsync(Bob)).ToString());
        var organization = await _host.OrganizationOfAsync(Ada);

        var byAdmin = await bob.OpenAsync("/organization/transfer");
        var untyped = await _ada.SubmitAsync("/organization/transfer", "transfer", member, ("Input.Name", "another"));
        var before = await _host.RolesAsync(organization);
        var form = await _ada.HiddenFieldsAsync("/organization/transfer", "transfer");
        var given = await _ada.SendAsync("/organization/transfer", form, member, ("Input.Name", "ada's organization"));
        var again = await _ada.SendAsync("/organization/transfer", form, member, ("Input.Name", "ada's organization"));

        Assert.Equal(HttpStatusCode.Forbidden, byAdmin.Status);
        Assert.Equal(HttpStatusCode.BadRequest, untyped.Status);
        Assert.Equal(["ada@example.com Owner", "bob@example.com Admin"], before);
        Assert.Equal("/organization?transferred=true", Team.PathOf(given));
        Assert.Equal(HttpStatusCode.Forbidden, again.Status);
        Assert.Equal(["ada@example.com Admin", "bob@example.com Owner"], await _host.RolesAsync(organization));
    }

    [Fact]
    public async Task Ownership_goes_to_no_stranger()
    {
        using var eve = await _host.SignUpAsync("eve@example.com");
        using var bob = await _host.JoinAsync(_ada, Bob);

        var page = await _ada.SubmitAsync(
            "/organization/transfer", "transfer", ("Input.Member", (await _host.UserIdAsync("eve@example.com")).ToString()),
            ("Input.Name", "ada's organization"));

        Assert.Equal(HttpStatusCode.NotFound, page.Status);
        Assert.Contains("ada@example.com Owner", await _host.RolesAsync(await _host.OrganizationOfAsync(Ada)));
    }

    [Fact]
    public async Task A_custom_role_allows_what_was_ticked_and_nothing_else()
    {
        var role = await MakeRoleAsync("Auditor", "ReadUsage", "ReadAudit");
        using var bob = await _host.JoinAsync(_ada, Bob, role);

        var usage = await bob.OpenAsync("/usage");
        var billing = await bob.OpenAsync("/billing");
        var overview = await bob.OpenAsync("/overview");
        var key = await bob.SendAsync("/keys/new", await bob.TokenAsync());
        await _ada.SubmitAsync(
            $"/organization/roles/{role}", "role", ("Input.Name", "Auditor"), ("Input.Permissions", "ReadBilling"));
        var after = await bob.OpenAsync("/billing");

        Assert.Equal(HttpStatusCode.OK, usage.Status);
        Assert.Equal(HttpStatusCode.Forbidden, billing.Status);
        Assert.Contains("Your role does not allow this", billing.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"/billing\"", overview.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, key.Status);
        Assert.Equal(HttpStatusCode.OK, after.Status);
    }

    [Fact]
    public async Task A_custom_role_that_allows_less_takes_from_its_members_what_it_gave()
    {
        var role = await MakeRoleAsync("Lead", "ManageKeys", "ManageMembers");
        using var bob = await _host.JoinAsync(_ada, Bob, role);
        var his = PortalBrowser.PublicIdOf(await bob.CreateKeyAsync("bob's"));
        await bob.InviteAsync("carl@example.com", role);

        await _ada.SubmitAsync($"/organization/roles/{role}", "role", ("Input.Name", "Lead"), ("Input.Permissions", "ManageKeys"));
        var (kept, open) = ((await _host.RecordAsync(his)).State, await _host.OpenInvitationsAsync());
        await _ada.SubmitAsync($"/organization/roles/{role}", "role", ("Input.Name", "Lead"), ("Input.Permissions", "ReadUsage"));

        Assert.Equal(KeyState.Active, kept);
        Assert.Empty(open);
        Assert.Equal(KeyState.Disabled, (await _host.RecordAsync(his)).State);
    }

    [Fact]
    public async Task Who_gives_the_ownership_away_leaves_no_open_invitation_of_an_owner()
    {
        using var bob = await _host.JoinAsync(_ada, Bob, "admin");
        await _ada.InviteAsync("carl@example.com", "owner");
        await _ada.InviteAsync("dora@example.com", "developer");

        await _ada.SubmitAsync(
            "/organization/transfer", "transfer", ("Input.Member", (await _host.UserIdAsync(Bob)).ToString()),
            ("Input.Name", "ada's organization"));

        Assert.Equal(["dora@example.com"], (await _host.OpenInvitationsAsync()).Select(one => one.Email));
    }

    [Fact]
    public async Task Nobody_gives_more_than_the_own_role_may_do()
    {
        var recruiter = await MakeRoleAsync("Recruiter", "ManageMembers");
        var renamer = await MakeRoleAsync("Renamer", "ManageOrganization");
        using var bob = await _host.JoinAsync(_ada, Bob, recruiter);
        using var carl = await _host.JoinAsync(_ada, "carl@example.com", renamer);

        var admin = await bob.SubmitAsync("/members/invite", "invite", ("Input.Email", "x@example.com"), ("Input.Role", "admin"));
        var reader = await bob.SubmitAsync("/members/invite", "invite", ("Input.Email", "x@example.com"), ("Input.Role", recruiter));
        var wider = await carl.SubmitAsync(
            $"/organization/roles/{renamer}", "role", ("Input.Name", "Renamer"), ("Input.Permissions", "ManageOrganization"),
            ("Input.Permissions", "ManageMembers"));
        var others = await carl.SubmitAsync($"/organization/roles/{recruiter}", "role", ("Input.Name", "Recruiter"));

        Assert.Equal(HttpStatusCode.Forbidden, admin.Status);
        Assert.Equal(HttpStatusCode.Redirect, reader.Status);
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (wider.Status, others.Status));
    }

    [Fact]
    public async Task A_role_in_use_is_not_deleted()
    {
        var role = await MakeRoleAsync("Auditor", "ReadAudit");
        await _ada.InviteAsync(Bob, role);

        var invited = await _ada.SubmitAsync($"/organization/roles/{role}", "delete");
        await _ada.SubmitAsync($"/members/invitations/{(await _host.OpenInvitationsAsync()).Single().Id}", "revoke");
        var deleted = await _ada.SubmitAsync($"/organization/roles/{role}", "delete");

        Assert.Equal(HttpStatusCode.Conflict, invited.Status);
        Assert.Equal("/organization?saved=true", Team.PathOf(deleted));
        Assert.Equal(0, await _host.InScopeAsync<AccountsDb, int>(db => db.CustomRoles.CountAsync()));
    }

    [Fact]
    public async Task Names_of_roles_are_unique_in_an_organization_and_another_organizations_role_is_not_found()
    {
        var role = await MakeRoleAsync("Auditor", "ReadAudit");
        using var eve = await _host.SignUpAsync("eve@example.com");

        var doubled = await _ada.SubmitAsync("/organization/roles/new", "new-role", ("Input.Name", "AUDITOR"));
        var hers = await eve.SubmitAsync("/organization/roles/new", "new-role", ("Input.Name", "Auditor"));
        var page = await eve.OpenAsync($"/organization/roles/{role}");
        var stolen = await eve.SubmitAsync("/organization/roles/new", "new-role", ("Input.Name", "Mine"), ("RequestId", role));
        var invited = await eve.SubmitAsync("/members/invite", "invite", ("Input.Email", Bob), ("Input.Role", role));

        Assert.Equal(HttpStatusCode.Conflict, doubled.Status);
        Assert.Equal("/organization?saved=true", Team.PathOf(hers));
        Assert.Equal(HttpStatusCode.NotFound, page.Status);
        Assert.Equal(HttpStatusCode.NotFound, stolen.Status);
        Assert.Equal(HttpStatusCode.BadRequest, invited.Status);
    }

    [Fact]
    public void Each_role_may_do_what_the_table_of_the_documentation_says()
    {
        var table = string.Join('\n', Enum.GetValues<MemberRole>().Where(role => role != MemberRole.Custom).Select(
            role => $"{role}: {string.Join(' ', MemberRoles.PermissionsOf(role).Order())}"
                .Replace(" ManageKeys", "\n  ManageKeys", StringComparison.Ordinal)));

        Assert.Equal(
            """
            Owner: ReadOrganization ManageOrganization ManageMembers ManageProjects
              ManageKeys UseProject ReadUsage ReadBilling ManageBilling ReadAudit ManageSignIn
            Admin: ReadOrganization ManageMembers ManageProjects
              ManageKeys UseProject ReadUsage ReadBilling ManageBilling ReadAudit
            Developer: ReadOrganization
              ManageKeys UseProject ReadUsage ReadBilling
            Reader: ReadOrganization ReadUsage ReadBilling
            Billing: ReadOrganization ReadUsage ReadBilling ManageBilling
            """,
            table);
    }

    /// <summary>Makes a custom role and returns its id.</summary>
    private async Task<string> MakeRoleAsync(string name, params string[] permissions)
    {
        var made = await _ada.SubmitAndFollowAsync(
            "/organization/roles/new", "new-role",
            [("Input.Name", name), .. permissions.Select(permission => ("Input.Permissions", permission))]);
        return Regex.Match(made.Html, $"/organization/roles/([0-9a-f-]+)\">{name}<").Groups[1].Value;
    }
}
