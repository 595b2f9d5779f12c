using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Outbox;

namespace Tollgate.Accounts.Users;

/// <summary>Forgotten passwords. The page does the same for any address; the outbox looks for the account afterwards.</summary>
internal sealed class PasswordRecovery(
    UserManager<User> users, AccountsDb db, Letters letters, KeyRegister keys, RequestBook requests)
{
    /// <summary>Writes down that somebody forgot the password of an address.</summary>
    public Task AskAsync(string email, CancellationToken cancellationToken) =>
        requests.AddAsync(OutboxKind.PasswordReset, new ForgottenPassword(email), cancellationToken);

    /// <summary>Mails a link for a new password, if there is such an account. Strikes off the message.</summary>
    public async Task CompleteAsync(ForgottenPassword order, Guid messageId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await requests.TakeAsync(messageId, cancellationToken)
            && await users.FindByEmailAsync(order.Email) is { EmailConfirmed: true } user)
        {
            letters.AddPasswordReset(user, MailedCode.Encode(await users.GeneratePasswordResetTokenAsync(user)));
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        requests.Wake();
    }

    /// <summary>Sets a new password by a mailed link, which works once. The new stamp ends all sessions of the account.</summary>
    /// <param name="revokeKeys">Also ends all keys that the account made or owns, in the same transaction.</param>
    public async Task<NewPassword> ResetAsync(
        Guid userId, string code, string password, bool revokeKeys, CancellationToken cancellationToken)
    {
        IReadOnlyList<Guid> revoked = [];
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            if (await db.LockUserAsync(userId, cancellationToken) is not { } user || MailedCode.Decode(code) is not { } token)
            {
                return new NewPassword(["This link is not valid. Ask for a new one."], null);
            }

            var result = await users.ResetPasswordAsync(user, token, password);
            if (!result.Succeeded)
            {
                return new NewPassword(
                    [.. result.Errors.Select(e => e.Code == nameof(IdentityErrorDescriber.InvalidToken)
                        ? "This link is not valid any more. Ask for a new one."
                        : e.Description)],
                    null);
            }

            revoked = revokeKeys ? await keys.RevokeAllOfAsync(userId, cancellationToken) : [];
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return new NewPassword([], revokeKeys ? await keys.PublishAllAsync(revoked) : null);
    }
}

/// <summary>A request for a new password that a page wrote down.</summary>
internal sealed record ForgottenPassword(string Email);

/// <summary>What became of a new password.</summary>
/// <param name="Errors">Empty when it is set.</param>
/// <param name="Keys">What became of the account's keys; null where they were to stay.</param>
internal sealed record NewPassword(IReadOnlyList<string> Errors, KeyChange? Keys);
