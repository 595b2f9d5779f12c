using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Credentials;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Sessions;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Account;

/// <summary>
/// Changes addresses. The old address stays the account's until a link that was mailed to the new one is confirmed; for seven days a link
/// that was mailed to the old one takes it back. Each of the two gives the user a new security stamp, which ends all other sessions and
/// makes mailed links of the account invalid. No answer tells whether the new address has an account; a mail to it does.
/// </summary>
internal sealed class EmailChanges(
    AccountsDb db, UserManager<User> users, AddressLinks links, Letters letters, AuditTrail trail, TimeProvider clock)
{
    /// <summary>Stores a request, in place of an earlier one that waits, and mails both addresses.</summary>
    /// <param name="newEmail">An address that mail can go to.</param>
    /// <returns>Null, or what is wrong.</returns>
    public async Task<string?> AskAsync(Guid userId, string newEmail, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var user = await db.LockUserAsync(userId, cancellationToken)
            ?? throw new InvalidOperationException("The signed-in user is gone.");
        var name = users.NormalizeEmail(newEmail);
        if (name == user.NormalizedEmail)
        {
            return "This is your address already.";
        }

        var now = clock.GetUtcNow();
        await EndOthersAsync(userId, null, now, onlyWaiting: true, cancellationToken);
        var change = new EmailChange
        {
            Id = Guid.CreateVersion7(now),
            UserId = userId,
            OldEmail = user.Email!,
            NewEmail = newEmail,
            RequestedAt = now,
        };
        db.EmailChanges.Add(change);
        if (await db.Users.AnyAsync(one => one.NormalizedEmail == name && one.EmailConfirmed, cancellationToken))
        {
            letters.AddAddressTaken(user, newEmail);
        }
        else
        {
            letters.AddNewAddress(user, newEmail, links.WriteConfirmation(change));
        }

        letters.AddAddressNotice(user, user.Email!, newEmail, isMade: false, links.WriteUndo(change));
        await trail.AddForAccountAsync("account.email.ask", userId, cancellationToken, after: new { email = newEmail, was = user.Email });
        await CommitAsync(transaction, cancellationToken);
        return null;
    }

    /// <summary>The request that waits for the new address; null for none.</summary>
    public Task<EmailChange?> FindWaitingAsync(Guid userId, CancellationToken cancellationToken)
    {
        var since = clock.GetUtcNow() - TimeSpan.FromHours(1);
        return db.EmailChanges.AsNoTracking().SingleOrDefaultAsync(
            change => change.UserId == userId && change.ConfirmedAt == null && change.EndedAt == null && change.RequestedAt > since,
            cancellationToken);
    }

    /// <summary>Finds the change of a link that was mailed to the new address; null when the link does not work any more.</summary>
    public async Task<EmailChange?> FindByConfirmationAsync(string? code, CancellationToken cancellationToken)
    {
        var link = links.ReadConfirmation(code);
        var change = await FindAsync(link, cancellationToken);
        return change is { EndedAt: null } && change.NewEmail == link!.Address ? change : null;
    }

    /// <summary>Finds the change of a link that was mailed to the old address; null when there is nothing to undo.</summary>
    public async Task<EmailChange?> FindByUndoAsync(string? code, CancellationToken cancellationToken)
    {
        var link = links.ReadUndo(code);
        var change = await FindAsync(link, cancellationToken);
        return change is { EndedAt: null } && change.OldEmail == link!.Address ? change : null;
    }

    /// <summary>Makes the new address the account's. Idempotent.</summary>
    /// <param name="own">User and session of the browser; the session stays when it is this user's.</param>
    /// <returns>False when the link does not work any more, or the address has an account meanwhile.</returns>
    public async Task<bool> ConfirmAsync(string? code, (Guid UserId, Guid SessionId)? own, CancellationToken cancellationToken)
    {
        if (await FindByConfirmationAsync(code, cancellationToken) is not { } found)
        {
            return false;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var user = await db.LockUserAsync(found.UserId, cancellationToken);
        var change = await db.EmailChanges.SingleAsync(one => one.Id == found.Id, cancellationToken);
        if (change is { ConfirmedAt: not null, EndedAt: null })
        {
            return true;
        }

        if (user is null || change.EndedAt is not null || user.Email != change.OldEmail)
        {
            return false;
        }

        var now = clock.GetUtcNow();
        change.Confirm(now);
        await SetAddressAsync(user, change.NewEmail, cancellationToken);
        letters.AddAddressNotice(user, change.OldEmail, change.NewEmail, isMade: true, links.WriteUndo(change));
        await trail.AddForAccountAsync(
            "account.email", user.Id, cancellationToken, after: new { email = change.NewEmail, was = change.OldEmail }, actorId: user.Id);
        if (own is { } browser && browser.UserId == user.Id)
        {
            await db.KeepSessionAsync(user.Id, browser.SessionId, user.SecurityStamp!, cancellationToken);
        }

        return await TryCommitAsync(transaction, cancellationToken);
    }

    /// <summary>Keeps the old address: withdraws a request, or takes a change back. Ends all sessions of the account. Idempotent.</summary>
    /// <returns>False when the link does not work any more, or the old address has another account meanwhile.</returns>
    public async Task<bool> UndoAsync(string? code, CancellationToken cancellationToken)
    {
        if (await FindByUndoAsync(code, cancellationToken) is not { } found)
        {
            return false;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.LockUserAsync(found.UserId, cancellationToken) is not { } user)
        {
            return false;
        }

        var before = user.Email;
        await SetAddressAsync(user, found.OldEmail, cancellationToken);
        await EndOthersAsync(user.Id, found.RequestedAt, clock.GetUtcNow(), onlyWaiting: false, cancellationToken);
        await trail.AddForAccountAsync(
            "account.email.undo", user.Id, cancellationToken, after: new { email = found.OldEmail, was = before }, actorId: user.Id);
        return await TryCommitAsync(transaction, cancellationToken);
    }

    private async Task<EmailChange?> FindAsync(AddressLink? link, CancellationToken cancellationToken)
    {
        var id = link?.ChangeId;
        return id is null ? null : await db.EmailChanges.AsNoTracking().SingleOrDefaultAsync(one => one.Id == id, cancellationToken);
    }

    /// <summary>An account that somebody began with the address and never confirmed gives way: the link proves whose address it is.
    /// </summary>
    private async Task SetAddressAsync(User user, string email, CancellationToken cancellationToken)
    {
        var name = users.NormalizeEmail(email);
        await db.HoldAddressAsync(name, cancellationToken); // A sign-up with it may be under way.
        await db.Users.Where(one => one.NormalizedEmail == name && !one.EmailConfirmed).ExecuteDeleteAsync(cancellationToken);
        (user.Email, user.UserName, user.NormalizedEmail, user.NormalizedUserName) = (email, email, name, name);
        user.SecurityStamp = Convert.ToHexString(RandomNumberGenerator.GetBytes(20));
    }

    /// <param name="since">Ends changes from this instant on; null for all.</param>
    private async Task EndOthersAsync(
        Guid userId, DateTimeOffset? since, DateTimeOffset now, bool onlyWaiting, CancellationToken cancellationToken) =>
        await db.EmailChanges
            .Where(one => one.UserId == userId && one.EndedAt == null && (since == null || one.RequestedAt >= since))
            .Where(one => !onlyWaiting || one.ConfirmedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(one => one.EndedAt, now), cancellationToken);

    private async Task CommitAsync(
        Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        letters.Wake();
    }

    /// <summary>Returns false when another account got the address in between.</summary>
    private async Task<bool> TryCommitAsync(
        Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        try
        {
            await CommitAsync(transaction, cancellationToken);
            return true;
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException
        {
            SqlState: PostgresErrorCodes.UniqueViolation,
        })
        {
            return false;
        }
    }
}
