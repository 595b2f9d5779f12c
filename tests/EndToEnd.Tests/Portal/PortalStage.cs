using System.Net;
using System.Text.Json;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>
/// People and things that pages of the portal show, with names as long as they may be and without a place to break them. The operator's
/// organization has a project with a member and a service account, a custom role, an open invitation and an admin key. The member has two
/// organizations more, of which one is suspended and one is to be deleted; the account of another person is to be deleted.
/// </summary>
internal sealed record PortalStage
{
    public const string Password = "a walk in four gardens";
    public const string Member = "member@looks.example";
    public const string Leaver = "leaver@looks.example";
    private const string Invited = "invited.to.the.longest.address.that.fits.into.one.line.of.a.table@looks.example";
    private const int LongestName = 100;

    public static readonly string Suspended = LongNamed("suspended");
    public static readonly string Closing = LongNamed("closing");

    public required string ProjectId { get; init; }

    public required string MemberId { get; init; }

    public required string RoleId { get; init; }

    public required string ServiceAccountId { get; init; }

    public required string AdminKeyId { get; init; }

    public required string InvitationId { get; init; }

    public required string InvitationToken { get; init; }

    public static string LongNamed(string start) => $"{start}-{new string('w', LongestName - 1 - start.Length)}";

    public static async Task<PortalStage> MakeAsync(RunningTollgate running)
    {
        await using var browser = await Browser.StartAsync();
        var (portal, mailbox) = (running.Endpoints.Portal, running.Endpoints.Mail);
        var leaver = await browser.VisitAsync(portal, "stage-leaver");
        await leaver.SignUpAsync(Leaver, Password);
        await leaver.ConfirmByMailAsync(mailbox);
        await leaver.SignInAsync(Leaver, Password);
        await leaver.LeaveAsync(Leaver);
        var owner = await browser.VisitAsync(portal, "stage-owner");
        await owner.SignInAsync(running.FirstAdmin.Email, running.FirstAdmin.Password);
        using var api = running.Client(await owner.CreateAdminKeyAsync(LongNamed("admin")));
        var project = await MakeAsync(api, "projects", new { name = LongNamed("project") });
        var role = await MakeAsync(
            api, "roles", new { role_name = new string('w', 50), permissions = (string[])["usage.read", "billing.read"] });
        var account = await MakeAsync(api, $"projects/{project}/service_accounts", new { name = LongNamed("account") });
        var member = await browser.VisitAsync(portal, "stage-member");
        await MakeAsync(api, "invites", new { email = Member, role = "reader" });
        await member.JoinByMailAsync(mailbox, Member, Password);
        var memberId = await owner.FindIdAsync("/members", $"Remove {Member}");
        var invitation = await MakeAsync(
            api, "invites", new { email = Invited, role = "reader", projects = new[] { new { id = project, role = "member" } } });
        await MakeAsync(api, $"users/user-{Guid.Parse(memberId):N}/roles", new { role_id = role });
        await MakeAsync(api, $"projects/{project}/users", new { user_id = $"user-{Guid.Parse(memberId):N}", role = "member" });
        var suspended = await member.FoundAsync(Suspended);
        await owner.SuspendAsync(suspended);
        await member.FoundAsync(Closing);
        await member.LeaveWithOrganizationAsync(Closing);
        return new PortalStage
        {
            ProjectId = GuidIn(project), MemberId = memberId, RoleId = GuidIn(role), ServiceAccountId = GuidIn(account),
            AdminKeyId = await owner.FindIdAsync("/organization/admin-keys", $"Revoke {LongNamed("admin")}"),
            InvitationId = GuidIn(invitation),
            InvitationToken = await owner.FindInvitationAsync(mailbox, Invited),
        };
    }

    /// <summary>Makes an object by the admin API. Returns its id; empty for a relation.</summary>
    private static async Task<string> MakeAsync(ApiClient api, string path, object body)
    {
        var answer = await api.PostAsync($"/v1/organization/{path}", body);
        Assert.True(answer.Status == HttpStatusCode.OK, $"{path}: {answer.Body}");
        return answer.Json.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString()! : "";
    }

    /// <summary>The id as the portal's addresses have it.</summary>
    private static string GuidIn(string id) => Guid.Parse(id[^32..]).ToString();
}
