using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Which provider signs in which addresses, and who may still use a password.</summary>
internal sealed class SignInDomains(AccountsDb db)
{
    /// <summary>The provider of the organization that captured an address's domain; null without one.</summary>
    public async Task<IdentityProvider?> FindProviderAsync(string? email, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // The domain is to tell whose it is.
        return EmailDomain.Of(email) is not { } name ? null : await (
            from domain in db.CapturedDomains
            where domain.Domain == name && domain.CapturedAt != null
            join provider in db.IdentityProviders on domain.OrganizationId equals provider.OrganizationId
            select provider).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
    }

    /// <summary>
    /// Whether an address must go to its organization's provider. Looks at the domain alone, so the answer tells nothing about accounts.
    /// </summary>
    public async Task<Guid?> FindForcedProviderAsync(string? email, CancellationToken cancellationToken) =>
        await FindProviderAsync(email, cancellationToken) is { RefusesPasswords: true } provider ? provider.OrganizationId : null;

    /// <summary>
    /// Whether a user must sign in through a provider: a member, but no owner, of the organization that captured the address's domain and
    /// refuses passwords. Owners keep their password, so that a provider's fault locks nobody out for good; so do operators.
    /// </summary>
    public async Task<Guid?> FindForcedProviderAsync(User user, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // Somebody who signs in has no organization yet.
        return await FindForcedProviderAsync(user.Email, cancellationToken) is { } organizationId && !user.IsOperator
            && await db.Memberships.AnyAsync(
                m => m.OrganizationId == organizationId && m.UserId == user.Id && m.Role != MemberRole.Owner, cancellationToken)
            ? organizationId
            : null;
    }

    /// <summary>Whether an organization has captured an address's domain.</summary>
    public async Task<bool> IsCapturedAsync(Guid organizationId, string? email, CancellationToken cancellationToken) =>
        EmailDomain.Of(email) is { } name && await db.CapturedDomains.AnyAsync(
            d => d.OrganizationId == organizationId && d.Domain == name && d.CapturedAt != null, cancellationToken);
}
