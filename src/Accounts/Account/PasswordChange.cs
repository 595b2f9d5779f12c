using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Credentials;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Sessions;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Account;

/// <summary>Changes the password of somebody who is signed in. All other sessions and all mailed links of the account end.</summary>
internal sealed class PasswordChange(
    AccountsDb db, UserManager<User> users, PasswordProof passwords, Letters letters, AuditTrail trail)
{
    /// <param name="current">The present password; not looked at when the account has none.</param>
    /// <returns>Faults for the page; empty on success.</returns>
    public async Task<IReadOnlyList<string>> SetAsync(HttpContext context, Guid userId, string current, string password)
    {
        var (token, own) = (context.RequestAborted, SessionCookie.OwnOf(context));
        if (await users.FindByIdAsync(userId.ToString()) is not { } known || own is null)
        {
            return ["Sign in again."];
        }

        if (known.PasswordHash is not null && await passwords.CheckAsync(context, known, current) is { } fault)
        {
            return [fault is SignInOutcome.TooMany tooMany
                ? $"Too many attempts. Wait {Portal.Show.Wait(tooMany.Wait)}."
                : "The current password is not right."];
        }

        var errors = await users.CheckNewPasswordAsync(known, password);
        if (errors.Count > 0)
        {
            return errors;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(token);
        var user = await db.LockUserAsync(userId, token);
        if (user is null || user.PasswordHash is null != known.PasswordHash is null || user.SecurityStamp != known.SecurityStamp)
        {
            return ["Your account changed at the same moment. Try again."];
        }

        user.PasswordHash = users.PasswordHasher.HashPassword(user, password);
        await users.UpdateSecurityStampAsync(user);
        await db.KeepSessionAsync(user.Id, own.Value.SessionId, user.SecurityStamp!, token);
        letters.AddPasswordChanged(user);
        await trail.AddForAccountAsync("account.password", user.Id, token);
        await db.SaveChangesAsync(token);
        await transaction.CommitAsync(token);
        letters.Wake();
        return [];
    }
}
