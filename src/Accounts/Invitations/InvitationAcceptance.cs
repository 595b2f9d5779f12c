using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Credentials;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Invitations;

/// <summary>
/// Accepts invitations. A link counts for the invited address alone: for its signed-in account, or for a sign-up with this address, which
/// the link confirms, as only its mailbox got it. Any other account is refused and the invitation stays open.
/// </summary>
internal sealed class InvitationAcceptance(
    AccountsDb db, UserManager<User> users, Joining joining, AuditTrail audit, TimeProvider clock)
{
    /// <summary>Finds the open invitation of a mailed link; null when it is wrong, expired, revoked or used.</summary>
    public async Task<ReceivedInvitation?> FindAsync(string token, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // Who is invited is no member yet; so it is in all methods here.
        return InvitationToken.Hash(token) is { } hash
            ? await Received(db.OpenInvitations.Where(one => one.TokenSha256 == hash)).SingleOrDefaultAsync(cancellationToken)
            : null;
    }

    /// <summary>Lists the open invitations of a user's address, newest first.</summary>
    public async Task<IReadOnlyList<ReceivedInvitation>> ListForAsync(Guid userId, CancellationToken cancellationToken)
    {
        using var all = db.ForAll();
        var name = await db.Users.Where(user => user.Id == userId && user.EmailConfirmed).Select(user => user.NormalizedEmail)
            .SingleOrDefaultAsync(cancellationToken);
        return name is null
            ? []
            : await Received(db.OpenInvitations.Where(one => one.NormalizedEmail == name)).ToListAsync(cancellationToken);
    }

    /// <summary>Whether an invitation is for an address.</summary>
    public bool IsFor(ReceivedInvitation invitation, string email) => users.NormalizeEmail(email) == invitation.NormalizedEmail;

    /// <summary>Whether the invited address has an account that can sign in.</summary>
    public Task<bool> HasAccountAsync(ReceivedInvitation invitation, CancellationToken cancellationToken) =>
        db.Users.AnyAsync(user => user.NormalizedEmail == invitation.NormalizedEmail && user.EmailConfirmed, cancellationToken);

    /// <summary>Makes a signed-in user a member. A user who is one already keeps the role.</summary>
    public async Task<Acceptance> AcceptAsync(Guid invitationId, Guid userId, CancellationToken cancellationToken)
    {
        using var all = db.ForAll();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var user = await db.LockUserAsync(userId, cancellationToken);
        if (user is null || await LockAsync(invitationId, cancellationToken) is not { } invitation)
        {
            return new Acceptance.Gone();
        }

        if (!user.EmailConfirmed || user.NormalizedEmail != invitation.NormalizedEmail)
        {
            return new Acceptance.AnotherAddress();
        }

        return await JoinAsync(transaction, invitation, user, cancellationToken);
    }

    /// <summary>
    /// Opens the account of the invited address with a password and makes it a member, both or neither. Replaces an unconfirmed account's
    /// password, which anybody may have chosen.
    /// </summary>
    /// <param name="token">The link, which proves that its holder reads the mailbox.</param>
    public async Task<Acceptance> SignUpAsync(string token, string password, CancellationToken cancellationToken)
    {
        using var all = db.ForAll();
        if (await FindAsync(token, cancellationToken) is not { } received)
        {
            return new Acceptance.Gone();
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var user = await db.LockAddressAsync(received.NormalizedEmail, cancellationToken);
        if (user?.EmailConfirmed == true)
        {
            return new Acceptance.HasAccount();
        }

        user ??= Add(received);
        var faults = await users.CheckNewPasswordAsync(user, password);
        if (faults.Count > 0)
        {
            return new Acceptance.Faulty(faults);
        }

        (user.Email, user.UserName, user.EmailConfirmed) = (received.Email, received.Email, true);
        user.PasswordHash = users.PasswordHasher.HashPassword(user, password);
        user.SecurityStamp = Convert.ToHexString(RandomNumberGenerator.GetBytes(20)); // Ends the links of an earlier sign-up.
        if (await LockAsync(received.Id, cancellationToken) is not { } invitation
            || !CryptographicOperations.FixedTimeEquals(invitation.TokenSha256, InvitationToken.Hash(token)))
        {
            return new Acceptance.Gone();
        }

        audit.Add("account.create", user.Id.ToString(), actorId: user.Id);
        return await JoinAsync(transaction, invitation, user, cancellationToken);
    }

    private IQueryable<ReceivedInvitation> Received(IQueryable<Invitation> open)
    {
        var now = clock.GetUtcNow();
        return from invitation in open.AsNoTracking()
               where invitation.ExpiresAt > now
               join organization in db.Organizations on invitation.OrganizationId equals organization.Id
               join role in db.CustomRoles on invitation.CustomRoleId equals (Guid?)role.Id into roles
               from custom in roles.DefaultIfEmpty()
               orderby invitation.CreatedAt descending
               select new ReceivedInvitation(
                   invitation.Id, organization.Id, organization.Name, invitation.Email, invitation.NormalizedEmail, invitation.Role,
                   custom == null ? null : custom.Name, invitation.ExpiresAt);
    }

    /// <summary>Locks the organization of an invitation and reads the invitation, tracked; null unless it is open and in time.</summary>
    private async Task<Invitation?> LockAsync(Guid invitationId, CancellationToken cancellationToken)
    {
        var organizationId = await db.OpenInvitations.Where(one => one.Id == invitationId).Select(one => (Guid?)one.OrganizationId)
            .SingleOrDefaultAsync(cancellationToken);
        if (organizationId is not { } id)
        {
            return null;
        }

        await db.LockOrganizationAsync(id, cancellationToken);
        var now = clock.GetUtcNow();
        return await db.OpenInvitations.SingleOrDefaultAsync(
            one => one.Id == invitationId && one.ExpiresAt > now, cancellationToken);
    }

    private User Add(ReceivedInvitation invitation)
    {
        var now = clock.GetUtcNow();
        var user = new User
        {
            Id = Guid.CreateVersion7(now),
            UserName = invitation.Email,
            Email = invitation.Email,
            NormalizedEmail = invitation.NormalizedEmail,
            NormalizedUserName = invitation.NormalizedEmail,
            CreatedAt = now,
        };
        db.Users.Add(user);
        return user;
    }

    private async Task<Acceptance> JoinAsync(
        Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction transaction, Invitation invitation, User user,
        CancellationToken cancellationToken)
    {
        await joining.AcceptAsync(invitation, user, via: null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new Acceptance.Joined(invitation.OrganizationId, user);
    }
}

/// <summary>An open invitation as its receiver sees it.</summary>
/// <param name="CustomRole">Name of the custom role; null for the other roles.</param>
internal sealed record ReceivedInvitation(
    Guid Id, Guid OrganizationId, string Organization, string Email, string NormalizedEmail, MemberRole Role, string? CustomRole,
    DateTimeOffset ExpiresAt)
{
    public string RoleName => CustomRole ?? RoleChoice.NameOf(Role);
}

/// <summary>Result of accepting an invitation: one of the records in it.</summary>
internal abstract record Acceptance
{
    private Acceptance()
    {
    }

    /// <summary>The user is a member.</summary>
    internal sealed record Joined(Guid OrganizationId, User User) : Acceptance;

    /// <summary>The link is wrong, expired, revoked or used. 410: a 404 shows the page for all, which names no way on.</summary>
    internal sealed record Gone : Acceptance;

    /// <summary>The invitation is for another address than the user's. It stays open. 403.</summary>
    internal sealed record AnotherAddress : Acceptance;

    /// <summary>The address has an account, which must sign in to accept.</summary>
    internal sealed record HasAccount : Acceptance;

    /// <summary>Nothing changed.</summary>
    /// <param name="Faults">What is wrong with the password, at least one.</param>
    internal sealed record Faulty(IReadOnlyList<string> Faults) : Acceptance;
}
