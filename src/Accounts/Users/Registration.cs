using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;

namespace Tollgate.Accounts.Users;

/// <summary>Sign-up, confirmation and forgotten passwords. No answer tells whether an address has an account.</summary>
internal sealed class Registration(
    UserManager<User> users, AccountsDb db, Letters letters, OrganizationFounding founding, OutboxSignal signal, TimeProvider clock)
{
    /// <summary>Makes an unconfirmed account and mails its link. Returns what is wrong with the
    /// password; empty when a mail goes out, to whomever.</summary>
    public async Task<IReadOnlyList<string>> SignUpAsync(string email, string password, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var user = new User { Id = Guid.CreateVersion7(now), UserName = email, Email = email, CreatedAt = now };
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var result = await CreateAsync(user, password); // Hashes the password before it looks for the address: the same time either way.
        if (result.Succeeded)
        {
            letters.AddConfirmation(user, Encode(await users.GenerateEmailConfirmationTokenAsync(user)));
        }
        else if (result.Errors.All(IsDuplicate))
        {
            if (await users.FindByEmailAsync(email) is { } known)
            {
                await AddReminderAsync(known);
            }
        }
        else
        {
            return [.. result.Errors.Where(e => !IsDuplicate(e)).Select(e => e.Description)];
        }

        await CommitAsync(transaction, cancellationToken);
        return [];
    }

    /// <summary>Confirms an address and founds the user's organization; again does no
    /// harm. Null for a link that is wrong or too old.</summary>
    public async Task<User?> ConfirmAsync(Guid userId, string code, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await users.FindByIdAsync(userId.ToString()) is not { } user || Decode(code) is not { } token
            || !(await users.ConfirmEmailAsync(user, token)).Succeeded)
        {
            return null;
        }

        await founding.FoundAsync(user, cancellationToken);
        await CommitAsync(transaction, cancellationToken);
        return user;
    }

    /// <summary>Mails a confirmation link again to somebody who has just shown the right password.</summary>
    public async Task ResendConfirmationAsync(User user, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        letters.AddConfirmation(user, Encode(await users.GenerateEmailConfirmationTokenAsync(user)));
        await CommitAsync(transaction, cancellationToken);
    }

    /// <summary>Mails a link for a new password, if there is such an account.</summary>
    public async Task ForgotPasswordAsync(string email, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await users.FindByEmailAsync(email) is { EmailConfirmed: true } user)
        {
            letters.AddPasswordReset(user, Encode(await users.GeneratePasswordResetTokenAsync(user)));
        }

        await CommitAsync(transaction, cancellationToken);
    }

    /// <summary>Sets a new password, which ends a lockout and, within a minute, all
    /// sessions. Returns what is wrong; empty when it is done.</summary>
    public async Task<IReadOnlyList<string>> ResetPasswordAsync(Guid userId, string code, string password)
    {
        if (await users.FindByIdAsync(userId.ToString()) is not { } user || Decode(code) is not { } token)
        {
            return ["This link is not valid. Ask for a new one."];
        }

        var result = await users.ResetPasswordAsync(user, token, password);
        if (!result.Succeeded)
        {
            return [.. result.Errors.Select(e => e.Code == nameof(IdentityErrorDescriber.InvalidToken)
                ? "This link is not valid any more. Ask for a new one."
                : e.Description)];
        }

        await users.SetLockoutEndDateAsync(user, null);
        await users.ResetAccessFailedCountAsync(user);
        return [];
    }

    private async Task<IdentityResult> CreateAsync(User user, string password)
    {
        try
        {
            return await users.CreateAsync(user, password);
        }
        catch (DbUpdateException exception)
            when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // Two sign-ups with one address at the same moment: the other one's mail goes out. This transaction is lost.
            return IdentityResult.Failed(
                new IdentityError { Code = nameof(IdentityErrorDescriber.InvalidEmail), Description = "Try again in a moment." });
        }
    }

    private async Task AddReminderAsync(User known)
    {
        if (known.EmailConfirmed)
        {
            letters.AddAlreadyRegistered(known);
        }
        else
        {
            letters.AddConfirmation(known, Encode(await users.GenerateEmailConfirmationTokenAsync(known)));
        }
    }

    private async Task CommitAsync(
        Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        signal.Raise();
    }

    private static bool IsDuplicate(IdentityError error) =>
        error.Code is nameof(IdentityErrorDescriber.DuplicateUserName) or nameof(IdentityErrorDescriber.DuplicateEmail);

    private static string Encode(string token) => WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(token));

    private static string? Decode(string code)
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
