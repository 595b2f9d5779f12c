using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;

namespace Tollgate.Accounts.Users;

/// <summary>
/// Sign-up and confirmation. No answer tells whether an address has an account: the page does the same work for any address and writes it
/// down; the outbox looks for the account afterwards.
/// </summary>
internal sealed class Registration(
    UserManager<User> users, AccountsDb db, Letters letters, OrganizationFounding founding, RequestBook requests, TimeProvider clock)
{
    /// <summary>How long a mailed link works.</summary>
    public static readonly TimeSpan LinkLifetime = TimeSpan.FromHours(1);

    /// <summary>What is wrong with the password of a sign-up; empty when it will do.</summary>
    public Task<IReadOnlyList<string>> CheckPasswordAsync(string email, string password) =>
        users.CheckNewPasswordAsync(Unknown(email), password);

    /// <summary>Writes down a sign-up with a password that was checked; a mail goes out, whatever the address.</summary>
    /// <returns>The security stamp of the account, should this sign-up make or change one.</returns>
    public async Task<string> SignUpAsync(string email, string password, CancellationToken cancellationToken)
    {
        var order = new SignUpOrder(
            email, users.PasswordHasher.HashPassword(Unknown(email), password), Convert.ToHexString(RandomNumberGenerator.GetBytes(20)));
        await requests.AddAsync(OutboxKind.SignUp, order, cancellationToken);
        return order.Stamp;
    }

    /// <summary>
    /// Makes the unconfirmed account of a sign-up and mails its link. An account that is there but unconfirmed gets this password and stamp
    /// in the place of its own, so that earlier links and passwords, whoever asked for them, end. Strikes off the message.
    /// </summary>
    public async Task CompleteSignUpAsync(SignUpOrder order, Guid messageId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var name = users.NormalizeEmail(order.Email);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtext('sign-up ' || {name}))", cancellationToken);
        if (await requests.TakeAsync(messageId, cancellationToken))
        {
            if (await db.LockUserAsync(name, cancellationToken) is not { } user)
            {
                var now = clock.GetUtcNow();
                user = new User { Id = Guid.CreateVersion7(now), NormalizedEmail = name, NormalizedUserName = name, CreatedAt = now };
                db.Users.Add(user);
            }

            if (user.EmailConfirmed)
            {
                letters.AddAlreadyRegistered(user);
            }
            else
            {
                (user.Email, user.UserName, user.PasswordHash, user.SecurityStamp) =
                    (order.Email, order.Email, order.PasswordHash, order.Stamp);
                letters.AddConfirmation(user, MailedCode.Encode(await users.GenerateEmailConfirmationTokenAsync(user)));
            }
        }

        await CommitAsync(transaction, cancellationToken);
    }

    /// <summary>Whose link it is; null for one that is wrong, too old, or replaced by a later sign-up's.</summary>
    public async Task<User?> FindByConfirmationLinkAsync(Guid userId, string code) =>
        await users.FindByIdAsync(userId.ToString()) is { } user && await IsConfirmationAsync(user, code) ? user : null;

    /// <summary>Confirms an address and founds the user's organization; again does no harm.</summary>
    /// <param name="password">Becomes the account's password. Null where the browser proved that it chose the present one.</param>
    /// <param name="network">Where the client is; for the limits on welcome credit. Null where that says nothing.</param>
    /// <returns>What is wrong; empty when it is done; null for a link that does not work.</returns>
    public async Task<IReadOnlyList<string>?> ConfirmAsync(
        Guid userId, string code, string? password, string? network, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.LockUserAsync(userId, cancellationToken) is not { } user || !await IsConfirmationAsync(user, code))
        {
            return null;
        }

        if (user.EmailConfirmed)
        {
            return []; // Whatever password came along is not taken: the link is no second way to reset one.
        }

        if (password is not null)
        {
            var errors = await users.CheckNewPasswordAsync(user, password);
            if (errors.Count > 0)
            {
                return errors;
            }

            user.PasswordHash = users.PasswordHasher.HashPassword(user, password);
        }

        user.EmailConfirmed = true;
        await founding.FoundAsync(user, network, cancellationToken);
        await CommitAsync(transaction, cancellationToken);
        return [];
    }

    /// <summary>Mails a confirmation link again to somebody who has just shown the right password.</summary>
    public async Task ResendConfirmationAsync(User user, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        letters.AddConfirmation(user, MailedCode.Encode(await users.GenerateEmailConfirmationTokenAsync(user)));
        await CommitAsync(transaction, cancellationToken);
    }

    private async Task<bool> IsConfirmationAsync(User user, string code) => MailedCode.Decode(code) is { } token
        && await users.VerifyUserTokenAsync(
            user, users.Options.Tokens.EmailConfirmationTokenProvider, UserManager<User>.ConfirmEmailTokenPurpose, token);

    private async Task CommitAsync(
        Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        requests.Wake();
    }

    private User Unknown(string email) => new() { UserName = email, Email = email, CreatedAt = clock.GetUtcNow() };
}

/// <summary>A sign-up that a page wrote down.</summary>
/// <param name="Stamp">Becomes the account's security stamp, should the sign-up make or change the account.</param>
internal sealed record SignUpOrder(string Email, string PasswordHash, string Stamp);
