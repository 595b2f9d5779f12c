using Tollgate.Accounts.Database;
using Tollgate.Accounts.Mail;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Invitations;

/// <summary>Writes the mails of invitations and adds them to the caller's transaction; the outbox sends them.</summary>
internal sealed class InvitationLetters(
    AccountsDb db, PortalAddress address, SealedPayloads payloads, OutboxSignal signal, TimeProvider clock)
{
    /// <param name="inviter">Address of the inviting member; null for the operator's doors and the admin API.</param>
    public void Add(Invitation invitation, string token, string organization, string? inviter)
    {
        var letter = new Letter(
            invitation.Email,
            $"Join {organization} on Tollgate",
            $"""
            {inviter ?? "An administrator"} invites you to the organization "{organization}" on Tollgate.

            Open this link to join:

            {address.Url}/invitations/{token}

            It works until {Show.Time(invitation.ExpiresAt)}, and only for this address.
            If you did not expect it, ignore this mail; nothing happens.
            """);
        db.Outbox.Add(OutboxMessage.Create(OutboxKind.Mail, invitation.Id, clock.GetUtcNow(), payloads.Seal(letter)));
    }

    /// <summary>Wakes the outbox after the caller's commit.</summary>
    public void Wake() => signal.Raise();
}
