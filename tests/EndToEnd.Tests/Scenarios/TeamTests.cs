using System.Diagnostics;
using System.Net;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;
using Xunit.Abstractions;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Two people of one organization in a real browser, who do only what people can.</summary>
[Collection(SharedTollgate.Name)]
public sealed class TeamTests(SharedTollgate shared, ITestOutputHelper output)
{
    private const string Password = "a walk in four gardens";

    [Fact]
    public async Task An_invited_member_joins_by_the_mailed_link_makes_the_first_call_and_is_refused_once_removed()
    {
        const string owner = "ada@team.example", member = "bob@team.example";
        await using var browser = await Browser.StartAsync();
        var ada = await browser.ArriveAsync(shared.Running.Endpoints, "team-owner", owner, Password);

        var sinceInvitation = Stopwatch.StartNew();
        await ada.InviteAsync(member);
        var bob = await browser.JoinAsync(shared.Running.Endpoints, "team-member", member, Password);
        using var client = shared.Running.Client(await bob.CreateKeyAsync("my first program"));
        var first = await Until.ValueAsync(
            async () => await client.PostAsync(Prompts.Chat, Prompts.France()) is { Status: HttpStatusCode.OK } ok ? ok : null,
            "the new key works");
        output.WriteLine($"From the invitation to the first call: {sinceInvitation.Elapsed.TotalSeconds:0.0} s.");
        await ada.RemoveMemberAsync(member);
        var refused = await client.PostAsync(Prompts.Chat, Prompts.France());

        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
        Assert.Equal("", string.Join('\n', ada.ConsoleErrors.Concat(bob.ConsoleErrors)));
    }

    [Fact]
    public async Task An_invitation_is_sent_again_and_revoked_roles_decide_over_keys_and_the_owner_hands_over_and_leaves()
    {
        const string owner = "cara@team.example", member = "dan@team.example";
        var (portal, mailbox) = (shared.Running.Endpoints.Portal, shared.Running.Endpoints.Mail);
        await using var browser = await Browser.StartAsync();
        var cara = await browser.ArriveAsync(shared.Running.Endpoints, "roles-owner", owner, Password);

        await cara.InviteAsync(member, "Reader");
        var reading = await browser.VisitAsync(portal, "roles-invited");
        var first = await reading.OpenMailAsync(mailbox, member, "Join");
        await cara.FollowAsync($"Change the invitation of {member}");
        await cara.SubmitAsync("Send it again");
        await cara.SeeAsync("A new link is on its way", "sent-again");
        var second = await reading.OpenMailAsync(mailbox, member, "Join", count: 2);
        var replaced = await reading.OpenRefusedAsync(first, "replaced");
        await cara.SubmitAsync("Revoke it");
        await cara.SeeAsync("The invitation is revoked", "revoked");
        var revoked = await reading.OpenRefusedAsync(second, "revoked");
        await cara.InviteAsync(member, "Reader");
        var dan = await browser.JoinAsync(shared.Running.Endpoints, "roles-member", member, Password, invitations: 3);

        var asReader = await dan.ReadAsync("/keys/new", "reader");
        await cara.GoAsync("/organization");
        await cara.FollowAsync("Create role");
        await cara.FillAsync("Name", "Key maker");
        await cara.TickAsync("Create, change and revoke keys");
        await cara.ShootAsync("new-role");
        await cara.SubmitAsync("Create role");
        await cara.SeeAsync("Saved.", "role");
        await GiveRoleAsync(cara, member, "Key maker");
        using var client = shared.Running.Client(await dan.CreateKeyAsync("by a custom role"));
        var made = await Until.ValueAsync(
            async () => await client.PostAsync(Prompts.Chat, Prompts.France()) is { Status: HttpStatusCode.OK } ok ? ok : null,
            "the key works");
        await GiveRoleAsync(cara, member, "Reader");
        var disabled = await client.PostAsync(Prompts.Chat, Prompts.France());

        await cara.GoAsync("/organization");
        await cara.FillAsync("Name", "Garden club");
        await cara.SubmitAsync("Rename");
        await cara.SeeAsync("Saved.", "renamed");
        var renamed = await dan.ReadAsync("/organization", "renamed");
        await cara.FollowAsync("Transfer…");
        await cara.ChooseAsync("New owner", member);
        await cara.FillAsync("Type Garden club to confirm", "Garden club");
        await cara.ShootAsync("transfer");
        await cara.SubmitAsync("Transfer ownership");
        await cara.SeeAsync("The organization has another owner now", "transferred");
        var ofDan = await dan.ReadAsync("/organization", "owner");

        await cara.GoAsync("/organizations");
        await cara.FollowAsync("Create an organization");
        await cara.FillAsync("Name", "Second garden");
        await cara.SubmitAsync("Create organization");
        await cara.ReachAsync("Overview", "second");
        var keysOfSecond = await cara.ReadAsync("/keys", "keys-of-second");
        await cara.ChooseAsync("Organization and project", "Garden club");
        await cara.ShootAsync("switcher");
        await cara.SubmitAsync("Switch");
        await cara.ReachAsync("Overview", "switched");
        var membersOfFirst = await cara.ReadAsync("/members", "members-of-first");
        await cara.FollowAsync("Leave");
        await cara.ShootAsync("leave");
        await cara.SubmitAsync("Leave the organization");
        await cara.SeeAsync("You have left the organization", "left");
        var organizations = await cara.ReadAsync();
        var remaining = await dan.ReadAsync("/members", "members");

        Assert.Equal((410, 410), (replaced, revoked));
        Assert.Contains("lets you look at keys but not make them", asReader, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, made.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, disabled.Status);
        Assert.Contains("Garden club", renamed, StringComparison.Ordinal);
        Assert.Contains("Owner", ofDan, StringComparison.Ordinal);
        Assert.Contains("No keys yet", keysOfSecond, StringComparison.Ordinal);
        Assert.Contains(member, membersOfFirst, StringComparison.Ordinal);
        Assert.Contains("Second garden", organizations, StringComparison.Ordinal);
        Assert.DoesNotContain("Garden club", organizations, StringComparison.Ordinal);
        Assert.DoesNotContain(owner, remaining, StringComparison.Ordinal);
        Assert.Equal("", string.Join('\n', cara.ConsoleErrors.Concat(dan.ConsoleErrors).Concat(reading.ConsoleErrors)));
    }

    private static async Task GiveRoleAsync(Visitor owner, string member, string role)
    {
        await owner.GoAsync("/members");
        await owner.FollowAsync(member);
        await owner.ChooseAsync("Role", role);
        await owner.SubmitAsync("Change role");
        await owner.SeeAsync("The role is changed", "role-changed");
    }
}
