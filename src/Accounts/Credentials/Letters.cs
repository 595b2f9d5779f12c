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
internal sealed class Letters(AccountsDb db, PortalAddress address, SealedPayloads payloads, TimeProvider clock)
{
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

    private void Add(User user, string subject, string text) => db.Outbox.Add(OutboxMessage.Create(
        OutboxKind.Mail, user.Id, clock.GetUtcNow(), payloads.Seal(new Letter(user.Email!, subject, text))));
}
