using Tollgate.Accounts.Database;
using Tollgate.Accounts.Mail;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.Users;


namespace Tollgate.Accounts.Credentials;

/// <summary>
/// Writes the mails about an account and adds them to the caller's transaction. The outbox sends them, so a page takes the same time
/// whether the address has an account or not.
/// </summary>
internal sealed class Letters(
    AccountsDb db, PortalAddress address, SealedPayloads payloads, OutboxSignal signal, TimeProvider clock)
{
    /// <summary>Wakes the outbox after the caller's commit.</summary>
    public void Wake() => signal.Raise();

    public void AddConfirmation(User user, string code) => Add(
        user,
        "Confirm your e-mail address",
        $"""
        Welcome to Tollgate.

        Open this link to confirm your address and get your first API key:

        {address.Url}/confirm-email?user={user.Id}&code={code}

        If you did not sign up, ignore this mail; nothing happens.
        """);

    /// <summary>Adds the reply to a sign-up with an address that already has an account. Only the address's owner learns this.</summary>
    public void AddAlreadyRegistered(User user) => Add(
        user,
        "You already have an account",
        $"""
        Somebody, probably you, tried to sign up with this address, which has an account already.

        Sign in here:

        {address.Url}/sign-in

        Forgot the password? {address.Url}/forgot-password
        """);

    public void AddPasswordReset(User user, string code) => Add(
        user,
        "Choose a new password",
        $"""
        Open this link to choose a new password:

        {address.Url}/reset-password?user={user.Id}&code={code}

        It works for one hour and once. If you did not ask for it, ignore this mail.
        """);

    public void AddPasswordChanged(User user) => Add(
        user,
        "Your password was changed",
        $"""
        The password of your account was changed. All other sessions have ended.

        If it was not you, choose a new one now:

        {address.Url}/forgot-password
        """);

    /// <summary>Adds the mail that proves a new address. It goes to that address.</summary>
    public void AddNewAddress(User user, string newEmail, string code) => Add(
        user,
        newEmail,
        "Confirm your new e-mail address",
        $"""
        Open this link to use this address for your account at Tollgate. It works for one hour:

        {address.Url}/email/confirm?code={code}

        Until then {user.Email} stays the address of the account. If you did not ask for this, ignore this mail.
        """);

    /// <summary>Adds the reply to a change to an address that has an account already. It goes to that address.</summary>
    public void AddAddressTaken(User user, string newEmail) => Add(
        user,
        newEmail,
        "Your address has an account already",
        $"""
        Somebody, probably you, tried to use this address for another account at Tollgate. It has one already, so nothing changed.

        {address.Url}/sign-in
        """);

    /// <summary>Adds the notice that a change was asked for, or was made. It goes to the old address.</summary>
    public void AddAddressNotice(User user, string oldEmail, string newEmail, bool isMade, string code) => Add(
        user,
        oldEmail,
        isMade ? "Your e-mail address was changed" : "A change of your e-mail address",
        $"""
        {(isMade
            ? $"The address of your account at Tollgate is now {newEmail}."
            : $"A change of your account's address at Tollgate to {newEmail} was asked for. It waits for a confirmation there.")}

        If it was not you, open this link within seven days. It keeps this address and ends all sessions:

        {address.Url}/email/undo?code={code}
        """);

    public void AddTwoStep(User user, bool isOn) => Add(
        user,
        isOn ? "Two-step verification is on" : "Two-step verification is off",
        $"""
        Two-step verification of your account at Tollgate was turned {(isOn ? "on" : "off")}.

        If it was not you, choose a new password now and look at your account:

        {address.Url}/forgot-password
        """);

    public void AddRecoveryCodeUsed(User user, int left) => Add(
        user,
        "A recovery code was used",
        $"""
        Somebody signed in to your account with a recovery code. {left} are left.

        If it was not you, choose a new password now. New codes are on this page:

        {address.Url}/account/recovery-codes
        """);

    public void AddPasskey(User user, string name, bool isAdded) => Add(
        user,
        isAdded ? "A passkey was added" : "A passkey was removed",
        $"""
        The passkey "{name}" was {(isAdded ? "added to" : "removed from")} your account at Tollgate.

        If it was not you, choose a new password now and look at your passkeys:

        {address.Url}/account/passkeys
        """);

    public void AddPasskeyCopied(User user) => Add(
        user,
        "A passkey was refused",
        $"""
        A sign-in with one of your passkeys was refused: its counter did not rise, so somebody may have copied it.

        Remove the passkey and add a new one:

        {address.Url}/account/passkeys
        """);

    private void Add(User user, string subject, string text) => Add(user, user.Email!, subject, text);

    private void Add(User user, string to, string subject, string text) => db.Outbox.Add(OutboxMessage.Create(
        OutboxKind.Mail, user.Id, clock.GetUtcNow(), payloads.Seal(new Letter(to, subject, text))));
}
