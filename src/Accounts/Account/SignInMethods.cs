using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Account;

/// <summary>The ways by which a user can sign in: password, passkeys, identities of providers.</summary>
internal static class SignInMethods
{
    /// <summary>
    /// Whether the user could still sign in without a passkey. Removing the last way would lock the user out. The caller holds the lock of
    /// the user's row.
    /// </summary>
    public static async Task<bool> RemainWithoutAsync(
        this AccountsDb db, User user, byte[] passkeyId, CancellationToken cancellationToken) =>
        user.PasswordHash is not null
        || await db.UserPasskeys.AnyAsync(one => one.UserId == user.Id && one.CredentialId != passkeyId, cancellationToken)
        || await db.UserLogins.AnyAsync(login => login.UserId == user.Id, cancellationToken);
}
