using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The account page in a real browser, with an authenticator app by its secret and a passkey of a virtual authenticator.</summary>
[Collection(SharedTollgate.Name)]
public sealed class AccountPageTests(SharedTollgate shared)
{
    private const string Password = "a walk in four gardens";

    [Fact]
    public async Task A_person_turns_on_two_step_verification_adds_a_passkey_and_signs_in_by_code_recovery_code_and_passkey()
    {
        const string email = "grace@account.example";
        await using var browser = await Browser.StartAsync();
        var portal = shared.Running.Endpoints.Portal;
        var grace = await browser.VisitAsync(portal, "account");
        await grace.SignUpAsync(email, Password);
        await grace.ConfirmByMailAsync(shared.Running.Endpoints.Mail);
        // Browsers keep passkeys for names only.
        var named = portal.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        var visitor = await browser.VisitAsync(named, "account-passkey");
        await visitor.SignInAsync(email, Password);

        var (secret, recoveryCodes) = await visitor.TurnOnTwoStepAsync(one => Authenticator.CodeOf(one, 0));
        await visitor.SignOutAsync();
        await visitor.SignInAsync(email, Password, Authenticator.CodeOf(secret, 1));
        await visitor.SignOutAsync();
        await visitor.SignInAsync(email, Password, recoveryCodes[0]);
        await visitor.AddAuthenticatorAsync();
        await visitor.AddPasskeyAsync("virtual");
        await visitor.SignOutAsync();
        await visitor.SignInByPasskeyAsync();

        Assert.Equal(10, recoveryCodes.Count);
        Assert.Equal("", string.Join('\n', visitor.ConsoleErrors));
        Assert.Equal("", string.Join('\n', grace.ConsoleErrors));
    }
}
