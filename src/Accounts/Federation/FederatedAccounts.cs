using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Credentials;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Invitations;
using Tollgate.Accounts.Mail;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.SingleSignOn;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Federation;

/// <summary>
/// Finds or makes the account of a person whom an organization's provider has named. A known issuer and subject name the account. An
/// unknown one is linked to the account with its address only if the provider verified the address and the organization captured its
/// domain.
/// </summary>
internal sealed class FederatedAccounts(
    AccountsDb db, ILookupNormalizer normalizer, SignInDomains domains, Joining joining, SealedPayloads payloads, OutboxSignal signal,
    AuditTrail audit, TimeProvider clock)
{
    /// <summary>Finds or makes the account. Two sign-ins of one person at once make one account and one membership.</summary>
    /// <returns>The user, or why there is none; nothing changes then.</returns>
    public async Task<(User? User, SignInFault Fault)> FindAsync(
        IdentityProvider provider, ProviderClaims claims, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.LockOrganizationAsync(provider.OrganizationId, cancellationToken);
        await LockAsync($"identity {provider.Issuer} {claims.Subject}", cancellationToken);
        db.ChangeTracker.Clear();
        var identity = await db.LinkedIdentities.SingleOrDefaultAsync(
            i => i.Issuer == provider.Issuer && i.Subject == claims.Subject, cancellationToken);
        var (user, fault) = identity is null
            ? await LinkAsync(provider, claims, cancellationToken)
            : await FindLinkedAsync(provider, identity, cancellationToken);
        if (user is null)
        {
            return (null, fault);
        }

        await ProveAsync(provider, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        signal.Raise();
        return (user, default);
    }

    /// <summary>The account of a known identity. What the provider states about its address does not matter any more.</summary>
    private async Task<(User? User, SignInFault Fault)> FindLinkedAsync(
        IdentityProvider provider, LinkedIdentity identity, CancellationToken cancellationToken)
    {
        var user = await LockUserAsync(u => u.Id == identity.UserId, cancellationToken);
        // The account may have moved to a private address since: the organization's provider must not open it then.
        if (!await domains.IsCapturedAsync(provider.OrganizationId, user!.Email, cancellationToken))
        {
            return (null, SignInFault.NotCaptured);
        }

        if (user.IsOperator)
        {
            return (null, SignInFault.Operator);
        }

        if (!await JoinAsync(provider, user, cancellationToken))
        {
            return (null, SignInFault.NotMember);
        }

        identity.LastUsedAt = clock.GetUtcNow();
        return (user, default);
    }

    private async Task<(User? User, SignInFault Fault)> LinkAsync(
        IdentityProvider provider, ProviderClaims claims, CancellationToken cancellationToken)
    {
        if (!claims.IsVerified || EmailDomain.Of(claims.Email) is null)
        {
            return (null, SignInFault.NotVerified);
        }

        if (!await domains.IsCapturedAsync(provider.OrganizationId, claims.Email, cancellationToken))
        {
            return (null, SignInFault.NotCaptured);
        }

        var (email, now) = (claims.Email!, clock.GetUtcNow());
        var name = normalizer.NormalizeEmail(email)!;
        await db.HoldAddressAsync(name, cancellationToken);
        var user = await LockUserAsync(u => u.NormalizedEmail == name, cancellationToken);
        if (await FindObstacleAsync(provider, user, cancellationToken) is { } obstacle)
        {
            return (null, obstacle);
        }

        var isNew = user is null;
        if (user is null)
        {
            user = new User
            {
                Id = Guid.CreateVersion7(now), Email = email, NormalizedEmail = name, UserName = email, NormalizedUserName = name,
                CreatedAt = now, SecurityStamp = NewStamp(),
            };
            db.Users.Add(user);
            audit.Add("account.create", user.Id.ToString(), provider.OrganizationId, actorId: user.Id);
        }
        else if (user.EmailConfirmed)
        {
            AddLetter(user, provider, now);
        }
        else
        {
            // Somebody chose this password without proving the address: it opens nothing, nor do its links.
            (user.PasswordHash, user.SecurityStamp) = (null, NewStamp());
        }

        user.EmailConfirmed = true;
        await db.SaveChangesAsync(cancellationToken); // The new user's row before the rows that name it.
        if (!await JoinAsync(provider, user, cancellationToken))
        {
            return (null, SignInFault.NotMember);
        }

        db.LinkedIdentities.Add(new LinkedIdentity
        {
            Issuer = provider.Issuer, Subject = claims.Subject, UserId = user.Id, LinkedAt = now, LastUsedAt = now,
        });
        audit.Add(
            "identity.link", user.Id.ToString(), provider.OrganizationId, after: new { provider.Issuer, claims.Subject, isNew },
            actorId: user.Id);
        return (user, default);
    }

    /// <summary>What keeps an identity from being linked to the account with its address; null when nothing does.</summary>
    private async Task<SignInFault?> FindObstacleAsync(IdentityProvider provider, User? user, CancellationToken cancellationToken) =>
        user switch
    {
        null => null,
        { IsOperator: true } => SignInFault.Operator,
        _ => await db.LinkedIdentities.AnyAsync(i => i.UserId == user.Id && i.Issuer == provider.Issuer, cancellationToken)
            ? SignInFault.OtherIdentity
            : null,
    };

    /// <summary>
    /// Makes the user a member: by an open invitation of the address, or because the organization takes everybody whom its provider signs
    /// in. Returns false for somebody who is no member and may not become one.
    /// </summary>
    private async Task<bool> JoinAsync(IdentityProvider provider, User user, CancellationToken cancellationToken)
    {
        if (await db.Memberships.AnyAsync(
            m => m.OrganizationId == provider.OrganizationId && m.UserId == user.Id, cancellationToken))
        {
            return true;
        }

        var now = clock.GetUtcNow();
        var invitation = await db.OpenInvitations.SingleOrDefaultAsync(
            i => i.OrganizationId == provider.OrganizationId && i.NormalizedEmail == user.NormalizedEmail && i.ExpiresAt > now,
            cancellationToken);
        if (invitation is null && !provider.CreatesMembers)
        {
            return false;
        }

        const string Via = "single sign-on";
        if (invitation is null)
        {
            joining.Add(provider.OrganizationId, user, provider.NewMemberRole, Via);
        }
        else
        {
            await joining.AcceptAsync(invitation, user, Via, cancellationToken);
        }

        return true;
    }

    /// <summary>Records that the provider's present settings have signed somebody in.</summary>
    private Task<int> ProveAsync(IdentityProvider provider, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return db.IdentityProviders
            .Where(p => p.OrganizationId == provider.OrganizationId && p.ChangedAt == provider.ChangedAt && p.ProvedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.ProvedAt, now), cancellationToken);
    }

    private void AddLetter(User user, IdentityProvider provider, DateTimeOffset now) => db.Outbox.Add(OutboxMessage.Create(
        OutboxKind.Mail, user.Id, now, payloads.Seal(new Letter(
            user.Email!,
            "Your account is linked to your organization's sign-in",
            $"""
            You have just signed in to Tollgate through {provider.Issuer}.
            From now on that identity opens your account, next to what opened it before.

            If this was not you, tell the people who run that sign-in, and remove it in the portal under Linked identities.
            """))));

    private async Task<User?> LockUserAsync(
        System.Linq.Expressions.Expression<Func<User, bool>> which, CancellationToken cancellationToken)
    {
        var id = await db.Users.Where(which).Select(u => (Guid?)u.Id).SingleOrDefaultAsync(cancellationToken);
        var rows = await db.Users.FromSql($"select * from accounts.users where id = {id} for update").ToListAsync(cancellationToken);
        return rows.SingleOrDefault();
    }

    private Task<int> LockAsync(string name, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtext({name}))", cancellationToken);

    private static string NewStamp() => Convert.ToHexString(RandomNumberGenerator.GetBytes(20));
}
