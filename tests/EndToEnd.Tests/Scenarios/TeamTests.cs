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
    [Fact]
    public async Task An_invited_member_joins_by_the_mailed_link_makes_the_first_call_and_is_refused_once_removed()
    {
        const string owner = "ada@team.example", member = "bob@team.example", password = "a walk in four gardens";
        await using var browser = await Browser.StartAsync();
        var ada = await browser.VisitAsync(shared.Running.Endpoints.Portal, "team-owner");
        await ada.SignUpAsync(owner, password);
        await ada.ConfirmByMailAsync(shared.Running.Endpoints.Mail);
        await ada.SignInAsync(owner, password);

        var sinceInvitation = Stopwatch.StartNew();
        await ada.InviteAsync(member);
        var bob = await browser.VisitAsync(shared.Running.Endpoints.Portal, "team-member");
        await bob.JoinByMailAsync(shared.Running.Endpoints.Mail, member, password);
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
}
