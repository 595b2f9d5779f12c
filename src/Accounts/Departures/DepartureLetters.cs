using Tollgate.Accounts.Database;
using Tollgate.Accounts.Mail;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Departures;

/// <summary>Writes the mails about deletions and adds them to the caller's transaction; the outbox sends them.</summary>
internal sealed class DepartureLetters(AccountsDb db, PortalAddress address, SealedPayloads payloads, TimeProvider clock)
{
    public void AddAccountRequested(Addressee to, DateTimeOffset dueAt) => Add(
        to,
        "Your account is to be deleted",
        $"""
        Somebody, probably you, asked to delete this account. It is deleted on {Show.UtcTime(dueAt)}.

        To keep it, sign in before and choose to keep it:

        {address.Url}/sign-in

        If it was not you, choose a new password too: {address.Url}/forgot-password
        """);

    public void AddAccountKept(Addressee to) => Add(
        to,
        "Your account is kept",
        "The deletion of this account was cancelled. Nothing was deleted.");

    /// <summary>Adds the notice that an account could not be deleted at its time.</summary>
    public void AddAccountNeeded(Addressee to, IReadOnlyList<string> organizations) => Add(
        to,
        "Your account was not deleted",
        $"""
        Your account was to be deleted, but you are the only owner of an organization that has other members:

        {string.Join('\n', organizations)}

        Make another member its owner, or delete the organization. Then delete your account again.
        """);

    public void AddOrganizationRequested(Addressee to, string name, DateTimeOffset dueAt) => Add(
        to,
        $"{name} is to be deleted",
        $"""
        An owner asked to delete the organization {name}. Its keys are refused from now on. On {Show.UtcTime(dueAt)} its files, models and
        stored responses are destroyed.

        An owner can cancel that before:

        {address.Url}/organization/delete
        """);

    public void AddOrganizationKept(Addressee to, string name) => Add(
        to,
        $"{name} is kept",
        $"The deletion of the organization {name} was cancelled. Its keys work again, and nothing was deleted.");

    /// <summary>Adds the receipt of a finished departure.</summary>
    /// <param name="what">Such as "Your account".</param>
    /// <param name="more">What the receipt is needed for; empty for nothing.</param>
    public void AddReceipt(Addressee to, Departure departure, string what, string more) => Add(
        to,
        $"{what} is deleted",
        $"""
        {what} is deleted, and cannot be brought back. {more}

        This is the receipt. The operator of this service can check its signature.

        {departure.Receipt}

        HMAC-SHA256 {departure.ReceiptKey} {Convert.ToHexStringLower(departure.ReceiptMac!)}
        """);

    private void Add(Addressee to, string subject, string text) => db.Outbox.Add(OutboxMessage.Create(
        OutboxKind.Mail, to.UserId, clock.GetUtcNow(), payloads.Seal(new Letter(to.Email, OneLine(subject), text))));

    /// <summary>A name in a header must not begin another one.</summary>
    private static string OneLine(string subject) => string.Concat(subject.Select(one => char.IsControl(one) ? ' ' : one));
}

/// <summary>A user with an address to mail to.</summary>
internal sealed record Addressee(Guid UserId, string Email);
