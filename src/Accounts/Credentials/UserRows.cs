using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Credentials;

/// <summary>Reads a user under its row's lock: the current row, not the one that this request's context has cached.</summary>
internal static class UserRows
{
    public static Task<User?> LockUserAsync(this AccountsDb db, Guid id, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        return FirstAsync(db.Users.FromSql($"select * from accounts.users where id = {id} for update"), cancellationToken);
    }

    public static Task<User?> LockUserAsync(this AccountsDb db, string normalizedEmail, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        return FirstAsync(
            db.Users.FromSql($"select * from accounts.users where normalized_email = {normalizedEmail} for update"), cancellationToken);
    }

    /// <summary>
    /// Holds an address until the end of the transaction, whether or not it has an account: whoever gives an account an address holds it,
    /// so that two sign-ups make one account.
    /// </summary>
    public static Task HoldAddressAsync(this AccountsDb db, string normalizedEmail, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync(
            $"select pg_advisory_xact_lock(hashtext('sign-up ' || {normalizedEmail}))", cancellationToken);

    /// <summary>Holds an address and reads its account.</summary>
    public static async Task<User?> LockAddressAsync(
        this AccountsDb db, string normalizedEmail, CancellationToken cancellationToken)
    {
        await db.HoldAddressAsync(normalizedEmail, cancellationToken);
        return await db.LockUserAsync(normalizedEmail, cancellationToken);
    }

    /// <summary>Lists what is wrong with a new password; empty when it is acceptable.</summary>
    public static async Task<IReadOnlyList<string>> CheckNewPasswordAsync(this UserManager<User> users, User user, string password)
    {
        var errors = new List<string>();
        foreach (var rule in users.PasswordValidators)
        {
            errors.AddRange((await rule.ValidateAsync(users, user, password)).Errors.Select(e => e.Description));
        }

        return errors;
    }

    private static async Task<User?> FirstAsync(IQueryable<User> rows, CancellationToken cancellationToken) =>
        (await rows.ToListAsync(cancellationToken)).SingleOrDefault();
}

/// <summary>Encodes Identity's tokens for mailed links.</summary>
internal static class MailedCode
{
    public static string Encode(string token) => WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(token));

    /// <summary>Returns null for text that is not a valid code.</summary>
    public static string? Decode(string code)
    {
        try
        {
            return Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(code));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
