using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Records;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Credentials;

/// <summary>Resets forgotten passwords. The page does the same work for any address; the outbox looks for the account later.</summary>
internal sealed class PasswordRecovery(
    UserManager<User> users, AccountsDb db, Letters letters, KeyRegister keys, RequestBook requests, AuditTrail audit)
    : IOutboxReceiver
{
    /// <summary>Stores a request to reset the password of an address.</summary>
    public Task AskAsync(string email, CancellationToken cancellationToken) =>
        requests.AddAsync(OutboxKind.PasswordReset, new ForgottenPassword(email, audit.Origin), cancellationToken);

    /// <summary>Mails a reset link if the address has a confirmed account, and deletes the message.</summary>
    public async Task<bool> TakeAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        var order = requests.Open<ForgottenPassword>(message);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await requests.TakeAsync(message.Id, cancellationToken))
        {
            audit.ComesFrom(order.Origin);
            await audit.AddForAddressAsync("password.ask", order.Email, cancellationToken);
            if (await users.FindByEmailAsync(order.Email) is { EmailConfirmed: true } user)
            {
                letters.AddPasswordReset(user, MailedCode.Encode(await users.GeneratePasswordResetTokenAsync(user)));
            }
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        requests.Wake();
        return false;
    }

    /// <summary>
    /// Sets a new password through a mailed link, which works once. The new security stamp ends all sessions of the account.
    /// </summary>
    /// <param name="revokeKeys">Whether to also revoke all keys that the account made or owns, in the same transaction.</param>
    public async Task<NewPassword> ResetAsync(
        Guid userId, string code, string password, bool revokeKeys, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // The user's keys may be of several organizations.
        IReadOnlyList<Guid> revoked = [];
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            if (await db.LockUserAsync(userId, cancellationToken) is not { } user || MailedCode.Decode(code) is not { } token)
            {
                return new NewPassword.Refused(["This link is not valid. Ask for a new one."]);
            }

            var result = await users.ResetPasswordAsync(user, token, password);
            if (!result.Succeeded)
            {
                return new NewPassword.Refused(
                    [.. result.Errors.Select(e => e.Code == nameof(IdentityErrorDescriber.InvalidToken)
                        ? "This link is not valid any more. Ask for a new one."
                        : e.Description)]);
            }

            revoked = revokeKeys ? await keys.RevokeAllOfAsync(userId, cancellationToken) : [];
            await audit.AddForAccountAsync(
                "password.reset", userId, cancellationToken, after: new { keysRevoked = revoked.Count }, actorId: userId);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return new NewPassword.Set(revokeKeys ? await keys.PublishAllAsync(revoked) : null);
    }
}

/// <summary>A stored request to reset a password.</summary>
/// <param name="Origin">Where it comes from, for the audit log.</param>
internal sealed record ForgottenPassword(string Email, AuditOrigin? Origin);

/// <summary>Result of setting a new password: one of the records in it.</summary>
internal abstract record NewPassword
{
    private NewPassword()
    {
    }

    /// <summary>The password is set.</summary>
    /// <param name="Keys">Whether the revocations reached Redis; null when the keys stay.</param>
    internal sealed record Set(RecordChange? Keys) : NewPassword;

    /// <summary>Nothing changed.</summary>
    /// <param name="Errors">Texts for the page, at least one.</param>
    internal sealed record Refused(IReadOnlyList<string> Errors) : NewPassword;
}
