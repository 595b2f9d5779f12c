using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Invitations;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Tests.Members;

/// <summary>What people of an organization do in these tests.</summary>
internal static class Team
{
    /// <summary>Invites an address and returns the path of the mailed link.</summary>
    public static async Task<string> InviteAsync(this PortalBrowser browser, string email, string role = "developer")
    {
        var sent = await browser.SubmitAsync("/members/invite", "invite", ("Input.Email", email), ("Input.Role", role));
        Assert.Equal("/members?invited=true", PathOf(sent));
        return await browser.LinkOfMailAsync(email, "Join");
    }

    /// <summary>A browser of somebody without an account whom the browser's owner invites, and who joins by the mailed link.</summary>
    public static async Task<PortalBrowser> JoinAsync(
        this AccountsHost host, PortalBrowser inviter, string email, string role = "developer")
    {
        var link = await inviter.InviteAsync(email, role);
        var browser = host.Browse();
        var joined = await browser.SubmitAsync(link, "join", ("Input.Password", PortalBrowser.Password));
        Assert.Equal("/overview", PathOf(joined));
        return browser;
    }

    /// <summary>The id of a user.</summary>
    public static Task<Guid> UserIdAsync(this AccountsHost host, string email)
    {
        var name = email.ToUpperInvariant();
        return host.InScopeAsync<AccountsDb, Guid>(
            db => db.Users.Where(user => user.NormalizedEmail == name).Select(user => user.Id).SingleAsync());
    }

    /// <summary>The organization that a user founded first.</summary>
    public static async Task<Guid> OrganizationOfAsync(this AccountsHost host, string email)
    {
        var userId = await host.UserIdAsync(email);
        return await host.InScopeAsync<AccountsDb, Guid>(db => db.Organizations.Where(one => one.CreatedBy == userId)
            .OrderBy(one => one.CreatedAt).Select(one => one.Id).FirstAsync());
    }

    /// <summary>Roles of an organization's members by address, with the one joined first at the front.</summary>
    public static async Task<IReadOnlyList<string>> RolesAsync(this AccountsHost host, Guid organizationId) =>
        await host.InScopeAsync<AccountsDb, List<string>>(db => (
            from member in db.Memberships
            where member.OrganizationId == organizationId
            join user in db.Users on member.UserId equals user.Id
            orderby member.JoinedAt
            select user.Email + " " + member.Role.ToString()).ToListAsync());

    /// <summary>The open invitations, by address.</summary>
    public static Task<List<Invitation>> OpenInvitationsAsync(this AccountsHost host) =>
        host.InScopeAsync<AccountsDb, List<Invitation>>(db => db.OpenInvitations.OrderBy(one => one.Email).ToListAsync());

    /// <summary>A token for forms of a signed-in browser.</summary>
    public static async Task<Dictionary<string, string>> TokenAsync(this PortalBrowser browser) => new()
    {
        ["__RequestVerificationToken"] =
            (await browser.HiddenFieldsAsync("/organizations/new", "new-organization"))["__RequestVerificationToken"],
    };

    /// <summary>Path and query of a redirect.</summary>
    public static string? PathOf(Page page) => page.Location is { } location && Uri.TryCreate(location, UriKind.Absolute, out var uri)
        && uri.Scheme.StartsWith("http", StringComparison.Ordinal) ? uri.PathAndQuery : page.Location;
}
