using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Credentials;

/// <summary>
/// Handles sign-up and confirmation. No answer reveals whether an address has an account: the page stores a request for any address, and
/// the outbox looks for the account later.
/// </summary>
internal sealed class Registration(
    UserManager<User> users, AccountsDb db, Letters letters, OrganizationFounding founding, RequestBook requests, AuditTrail audit)
    : IOutboxReceiver
{
    /// <summary>Lifetime of a mailed link.</summary>
    public static readonly TimeSpan LinkLifetime = TimeSpan.FromHours(1);

    /// <summary>Lists what is wrong with a sign-up's password; empty when it is acceptable.</summary>
    public Task<IReadOnlyList<string>> CheckPasswordAsync(string email, string password) =>
        users.CheckNewPasswordAsync(Unknown(email), password);

    /// <summary>Stores a sign-up whose password was checked. A mail is sent for any address.</summary>
    /// <returns>The security stamp of the account, if this sign-up makes or changes one.</returns>
    public async Task<string> SignUpAsync(string email, string password, CancellationToken cancellationToken)
    {
        var order = new SignUpOrder(
            email, users.PasswordHasher.HashPassword(Unknown(email), password), Convert.ToHexString(RandomNumberGenerator.GetBytes(20)),
            audit.Origin);
        await requests.AddAsync(OutboxKind.SignUp, order, cancellationToken);
        return order.Stamp;
    }

    /// <summary>
    /// Creates the unconfirmed account of a sign-up and mails its link. An existing unconfirmed account gets the new password and stamp,
    /// which invalidates earlier links and passwords. A confirmed account's owner gets a notice instead. Deletes the message.
    /// </summary>
    public async Task<bool> TakeAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        var order = requests.Open<SignUpOrder>(message);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var name = users.NormalizeEmail(order.Email);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtext('sign-up ' || {name}))", cancellationToken);
        if (await requests.TakeAsync(message.Id, cancellationToken))
        {
            if (await db.LockUserAsync(name, cancellationToken) is not { } user)
            {
                user = new User
                {
                    Id = Guid.CreateVersion7(message.CreatedAt), NormalizedEmail = name, NormalizedUserName = name,
                    CreatedAt = message.CreatedAt,
                };
                db.Users.Add(user);
            }

            audit.ComesFrom(order.Origin);
            await audit.AddForAccountAsync("account.sign-up", user.Id, cancellationToken, after: new { isKnown = user.EmailConfirmed });
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
        return false;
    }

    /// <summary>Finds the user of a confirmation link; null when the link is wrong, expired, or replaced by a later sign-up.</summary>
    public async Task<User?> FindByConfirmationLinkAsync(Guid userId, string code) =>
        await users.FindByIdAsync(userId.ToString()) is { } user && await IsConfirmationAsync(user, code) ? user : null;

    /// <summary>Confirms an address and founds the user's organization. Idempotent.</summary>
    /// <param name="password">Becomes the account's password. Null when the browser proved that it chose the current one.</param>
    /// <param name="network">The client's network, for the limits on welcome credit; null when unknown.</param>
    /// <returns>Faults of the password; empty on success; null for a link that does not work.</returns>
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
            return []; // Ignores the password, so that the link cannot reset the password of a confirmed account.
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
        await audit.AddForAccountAsync("email.confirm", user.Id, cancellationToken, actorId: user.Id);
        await CommitAsync(transaction, cancellationToken);
        return [];
    }

    /// <summary>Mails a confirmation link again after a correct password.</summary>
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

    private static User Unknown(string email) => new() { UserName = email, Email = email, CreatedAt = default };
}

/// <summary>A stored sign-up.</summary>
/// <param name="Stamp">Becomes the account's security stamp, if the sign-up makes or changes the account.</param>
/// <param name="Origin">Where it comes from, for the audit log.</param>
internal sealed record SignUpOrder(string Email, string PasswordHash, string Stamp, AuditOrigin? Origin);
