using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;

namespace Tollgate.Accounts.Users;

/// <summary>Reads a user under the lock of its row, as it is now and not as this request saw it before.</summary>
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

    /// <summary>What is wrong with a password that a user wants; empty when it will do.</summary>
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

/// <summary>Identity's tokens as they stand in a mailed link.</summary>
internal static class MailedCode
{
    public static string Encode(string token) => WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(token));

    /// <summary>Null for text that no link held.</summary>
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
