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

    [Fact]
    public async Task A_person_ends_another_session_changes_zone_password_and_address_and_proves_it_before_a_key()
    {
        const string old = "gail@account.example", moved = "gail@moved.example", password = "a boat on three rivers";
        var (portal, mailbox) = (shared.Running.Endpoints.Portal, shared.Running.Endpoints.Mail);
        await using var browser = await Browser.StartAsync();
        var gail = await browser.ArriveAsync(shared.Running.Endpoints, "account-desk", old, Password);
        var phone = await browser.VisitAsync(portal, "account-phone", Look.Phone);
        await phone.SignInAsync(old, Password);

        await gail.GoAsync("/account");
        await gail.FollowToAsync("/account/sessions");
        await gail.ShootAsync("sessions");
        await gail.SubmitAsync("End Chrome on Linux from 127.0.0.1");
        await gail.SeeAsync("this one", "session-ended");
        await phone.LookAtAsync("/keys", "signed-out");
        var afterEnd = phone.Place;

        await gail.GoAsync("/account/time-zone");
        await gail.ChooseValueAsync("Time zone", "Asia/Tokyo");
        await gail.SubmitAsync("Save");
        await gail.SeeAsync("Pages show times in Asia/Tokyo", "time-zone");
        var sessions = await gail.ReadAsync("/account/sessions", "sessions-in-tokyo");

        await phone.SignInAsync(old, Password);
        await gail.GoAsync("/account/password");
        await gail.FillAsync("Current password", Password);
        await gail.FillAsync("New password", password);
        await gail.ShootAsync("password");
        await gail.SubmitAsync("Set the password");
        await gail.SeeAsync("Your new password is set", "password-set");
        await phone.LookAtAsync("/keys", "signed-out-by-password");
        var afterPassword = phone.Place;
        await phone.FillAsync("E-mail", old);
        await phone.FillAsync("Password", Password);
        await phone.SubmitAsync("Sign in");
        await phone.SeeAsync("do not match", "old-password");
        await phone.SignInAsync(old, password);

        await gail.GoAsync("/account/email");
        await gail.FillAsync("New e-mail address", moved);
        await gail.SubmitAsync("Send the link");
        await gail.SeeAsync("A link went to", "email");
        var notice = await gail.ReadMailAsync(mailbox, old, "A change of your e-mail address");
        await gail.OpenMailAsync(mailbox, moved, "Confirm your new e-mail address");
        await gail.ReachAsync("Confirm your new address", "new-address");
        await gail.SubmitAsync("Use this address");
        await gail.ReachAsync("Account", "address-changed");
        var account = await gail.ReadAsync();
        await phone.LookAtAsync("/keys", "signed-out-by-address");
        var afterAddress = phone.Place;
        await phone.SignInAsync(moved, password);
        await phone.OpenMailAsync(mailbox, old, "Your e-mail address was changed");
        await phone.ShootAsync("old-address");
        await phone.SubmitAsync($"Keep {old}");
        await phone.SeeAsync("Your account keeps its address", "address-kept");
        await gail.LookAtAsync("/keys", "signed-out-by-undo");
        var afterUndo = gail.Place;
        await gail.SignInAsync(old, password);

        await shared.Running.AgeSessionsAsync(old);
        await gail.GoAsync("/keys/new");
        await gail.FillAsync("Name", "after an hour");
        await gail.SubmitRefusedAsync("Create key");
        await gail.ConfirmAsync("not the password");
        await gail.SeeAsync("The password is not right", "not-proved");
        await gail.ConfirmAsync(password);
        await gail.ReachAsync("Your new key", "proved");

        Assert.Equal(["/sign-in", "/sign-in", "/sign-in", "/sign-in"], (string[])[afterEnd, afterPassword, afterAddress, afterUndo]);
        Assert.Contains("UTC+9", sessions, StringComparison.Ordinal);
        Assert.Contains("waits for a confirmation", notice, StringComparison.Ordinal);
        Assert.Contains(moved, account, StringComparison.Ordinal);
        Assert.Equal("", string.Join('\n', gail.ConsoleErrors.Concat(phone.ConsoleErrors)));
    }
}
