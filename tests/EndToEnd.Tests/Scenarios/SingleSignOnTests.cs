using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>An organization whose members sign in through a real provider, in a real browser.</summary>
[Collection(SharedTollgate.Name)]
public sealed class SingleSignOnTests(SharedTollgate shared)
{
    [Fact]
    public async Task An_owner_connects_a_provider_whose_people_become_members_and_an_unverified_address_does_not()
    {
        const string owner = "owner@sso.example", member = "jo@corp.example", unverified = "unverified@corp.example";
        const string password = "a walk in four gardens";
        var portal = shared.Running.Endpoints.Portal;
        await using var browser = await Browser.StartAsync();
        var kim = await browser.ArriveAsync(shared.Running.Endpoints, "sso-owner", owner, password);
        await kim.GoAsync("/organization");
        await kim.FollowToAsync("/organization/sign-in");
        await using var provider = await NodeProvider.StartAsync(await kim.FactAsync("Redirect address"));

        await kim.FillAsync("Issuer", provider.Issuer);
        await kim.FillAsync("Client id", NodeProvider.ClientId);
        await kim.FillAsync("Client secret", "not the secret");
        await kim.TickAsync("Whoever signs in through the provider becomes a member");
        await kim.SubmitAsync("Save");
        await kim.SeeAsync("Saved.", "saved");
        await kim.SubmitAsync("Test the provider");
        await kim.SeeAsync("refuses the client id or its secret", "wrong-secret");
        await kim.FillAsync("Client secret", NodeProvider.ClientSecret);
        await kim.SubmitAsync("Save");
        await kim.SeeAsync("Saved.", "saved-again");
        await kim.SubmitAsync("Test the provider");
        await kim.SeeAsync("no fault", "tested");
        await kim.FillAsync("Domain", "corp.example");
        await kim.SubmitAsync("Add");
        await kim.SeeAsync("_tollgate-challenge.corp.example", "domain");
        var admin = await browser.VisitAsync(portal, "sso-operator");
        await admin.SignInAsync(shared.Running.FirstAdmin.Email, shared.Running.FirstAdmin.Password);
        await admin.LookAtAsync("/admin/domains", "domains");
        await admin.SubmitAsync("Approve corp.example");
        await admin.ReachAsync("Domains", "approved");
        var settings = await kim.ReadAsync("/organization/sign-in", "captured");

        var jo = await browser.VisitAsync(portal, "sso-member");
        await jo.SignInAtProviderAsync(member);
        await jo.ReachAsync("Overview", "signed-in");
        await jo.GoAsync("/account");
        await jo.FollowToAsync("/account/identities");
        await jo.ShootAsync("identities");
        var identities = await jo.ReadAsync();
        await jo.SignOutAsync();
        await jo.LeaveForProviderAsync(member); // Which knows the browser, and asks nothing.
        await jo.ReachAsync("Overview", "signed-in-again");
        var organization = await jo.ReadAsync("/organization", "organization");
        var stranger = await browser.VisitAsync(portal, "sso-unverified");
        await stranger.SignInAtProviderAsync(unverified);
        await stranger.SeeAsync("does not state that it has verified your e-mail address", "unverified");
        var members = await kim.ReadAsync("/members", "members");
        var works = await kim.ReadAsync("/organization/sign-in", "works");

        Assert.Contains("captured", settings, StringComparison.Ordinal);
        Assert.Contains(provider.Issuer, identities, StringComparison.Ordinal);
        Assert.Contains("Developer", organization, StringComparison.Ordinal);
        Assert.Contains(member, members, StringComparison.Ordinal);
        Assert.DoesNotContain(unverified, members, StringComparison.Ordinal);
        Assert.Contains("first sign-in with these settings", works, StringComparison.Ordinal);
        Assert.Equal(
            "", string.Join('\n', new[] { kim, admin, jo, stranger }.SelectMany(visitor => visitor.ConsoleErrors)));
    }
}
