using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.Credentials;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Passkeys;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Account;

/// <summary>Adds and removes passkeys of the signed-in user, with a mail about each.</summary>
internal sealed class OwnPasskeys(AccountsDb db, UserManager<User> users, PasskeyBook passkeys, Letters letters)
{
    /// <summary>Returns null when the passkey is added, else what is wrong.</summary>
    public async Task<string?> AddAsync(HttpContext context, Guid userId, string name, PasskeyForm answer)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(context.RequestAborted);
        if (await db.LockUserAsync(userId, context.RequestAborted) is not { } user)
        {
            return "Sign in again.";
        }

        if (await passkeys.AddAsync(context, user, name, answer) is { } fault)
        {
            return fault;
        }

        letters.AddPasskey(user, name, isAdded: true);
        await db.SaveChangesAsync(context.RequestAborted);
        await transaction.CommitAsync(context.RequestAborted);
        letters.Wake();
        return null;
    }

    /// <summary>Removes a passkey, unless the user could not sign in afterwards. Idempotent.</summary>
    /// <returns>Null, or what is wrong.</returns>
    public async Task<string?> RemoveAsync(Guid userId, byte[] passkeyId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.LockUserAsync(userId, cancellationToken) is not { } user
            || await users.GetPasskeyAsync(user, passkeyId) is not { } passkey)
        {
            return null;
        }

        if (!await db.RemainWithoutAsync(user, passkeyId, cancellationToken))
        {
            return "This is the only way to sign in to your account. Set a password or add another passkey first.";
        }

        await passkeys.RemoveAsync(user, passkey, cancellationToken);
        letters.AddPasskey(user, passkey.Name ?? "", isAdded: false);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        letters.Wake();
        return null;
    }
}
