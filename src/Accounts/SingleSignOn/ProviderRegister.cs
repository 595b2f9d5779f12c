using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Changes an organization's provider under the lock of the organization's row, with an audit entry.</summary>
internal sealed class ProviderRegister(
    AccountsDb db, ClientSecrets secrets, ProviderHttp http, ProviderTest test, AuditTrail audit, TimeProvider clock)
{
    /// <summary>The roles that a first sign-in may give. None of them changes members or sign-in.</summary>
    public static readonly IReadOnlyList<MemberRole> Roles = [MemberRole.Developer, MemberRole.Reader, MemberRole.Billing];

    public Task<IdentityProvider?> FindAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.IdentityProviders.AsNoTracking().SingleOrDefaultAsync(p => p.OrganizationId == organizationId, cancellationToken);

    /// <summary>Saves a form. Returns its faults by member; empty when it is saved.</summary>
    /// <param name="own">What the acting member may do: a role with more cannot be given.</param>
    public async Task<IReadOnlyList<(string Member, string Text)>> SaveAsync(
        Guid organizationId, ProviderForm form, IReadOnlySet<Permission> own, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.LockOrganizationAsync(organizationId, cancellationToken);
        db.ChangeTracker.Clear();
        var provider = await db.IdentityProviders.SingleOrDefaultAsync(p => p.OrganizationId == organizationId, cancellationToken);
        var (issuer, clientId) = (form.Issuer.Trim(), form.ClientId.Trim());
        var isOther = provider is null || provider.Issuer != issuer || provider.ClientId != clientId;
        var faults = FindFaults(form, issuer, needsSecret: isOther, own);
        if (faults.Count > 0)
        {
            return faults;
        }

        var before = provider is null ? null : Describe(provider);
        var now = clock.GetUtcNow();
        var secret = form.ClientSecret?.Trim() is { Length: > 0 } text ? secrets.Seal(text) : null;
        if (provider is null)
        {
            provider = new IdentityProvider
            {
                OrganizationId = organizationId, Issuer = issuer, ClientId = clientId, SealedSecret = secret!,
                AllowsPasswords = form.AllowsPasswords, CreatesMembers = form.CreatesMembers, NewMemberRole = form.NewMemberRole,
                ChangedAt = now, TestFaults = [],
            };
            db.IdentityProviders.Add(provider);
        }
        else
        {
            (provider.Issuer, provider.ClientId, provider.SealedSecret) = (issuer, clientId, secret ?? provider.SealedSecret);
            (provider.AllowsPasswords, provider.CreatesMembers) = (form.AllowsPasswords, form.CreatesMembers);
            (provider.NewMemberRole, provider.ChangedAt) = (form.NewMemberRole, now);
        }

        if (isOther || secret is not null)
        {
            // Until these settings have signed somebody in, passwords stay possible: a typing error locks nobody out.
            (provider.ProvedAt, provider.TestedAt, provider.TestFaults) = (null, null, []);
        }

        audit.Add(
            "provider.set", organizationId.ToString(), organizationId, before, Describe(provider, isNewSecret: secret is not null));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return [];
    }

    /// <summary>Tests the stored settings and keeps what was found.</summary>
    public async Task TestAsync(Guid organizationId, CancellationToken cancellationToken)
    {
        if (await FindAsync(organizationId, cancellationToken) is not { } provider)
        {
            return;
        }

        var faults = await test.FindFaultsAsync(provider, cancellationToken);
        var now = clock.GetUtcNow();
        await db.IdentityProviders.Where(p => p.OrganizationId == organizationId && p.ChangedAt == provider.ChangedAt).ExecuteUpdateAsync(
            set => set.SetProperty(p => p.TestedAt, now).SetProperty(p => p.TestFaults, faults), cancellationToken);
        audit.Add("provider.test", organizationId.ToString(), organizationId, after: new { provider.Issuer, faults });
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>
    /// Removes the provider. Linked identities stay: they work again once an issuer is set that made them. Returns false where members
    /// would be left without any way to sign in.
    /// </summary>
    /// <param name="mayReset">Whether people can get a password by mail.</param>
    public async Task<bool> RemoveAsync(Guid organizationId, bool mayReset, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.LockOrganizationAsync(organizationId, cancellationToken);
        db.ChangeTracker.Clear();
        var provider = await db.IdentityProviders.SingleOrDefaultAsync(p => p.OrganizationId == organizationId, cancellationToken);
        if (provider is not null)
        {
            if (!mayReset && await CountDependentAsync(organizationId, cancellationToken) > 0)
            {
                return false;
            }

            db.IdentityProviders.Remove(provider);
            audit.Add("provider.remove", organizationId.ToString(), organizationId, Describe(provider));
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Counts the members who have neither a password nor a passkey, but an identity at the organization's provider.</summary>
    public Task<int> CountDependentAsync(Guid organizationId, CancellationToken cancellationToken) => (
        from membership in db.Memberships
        where membership.OrganizationId == organizationId
        join user in db.Users on membership.UserId equals user.Id
        where user.PasswordHash == null && !db.UserPasskeys.Any(passkey => passkey.UserId == user.Id)
        join identity in db.LinkedIdentities on user.Id equals identity.UserId
        join provider in db.IdentityProviders on identity.Issuer equals provider.Issuer
        where provider.OrganizationId == organizationId
        select user.Id).CountAsync(cancellationToken);

    private List<(string Member, string Text)> FindFaults(
        ProviderForm form, string issuer, bool needsSecret, IReadOnlySet<Permission> own)
    {
        List<(string Member, string Text)> faults = [];
        try
        {
            if (http.ReadUrl(issuer, "The issuer").Query.Length > 0)
            {
                faults.Add((nameof(form.Issuer), "The issuer is an address without a query."));
            }
        }
        catch (ProviderFaultException fault)
        {
            faults.Add((nameof(form.Issuer), fault.Message));
        }

        if (needsSecret && string.IsNullOrWhiteSpace(form.ClientSecret))
        {
            faults.Add((
                nameof(form.ClientSecret), "Enter the client secret: a stored one is sent to no other issuer and for no other client."));
        }

        if (!Roles.Contains(form.NewMemberRole))
        {
            faults.Add((nameof(form.NewMemberRole), "Choose developer, reader or billing."));
        }
        else if (form.CreatesMembers && !MemberRoles.PermissionsOf(form.NewMemberRole).IsSubsetOf(own))
        {
            faults.Add((nameof(form.NewMemberRole), "Your own role does not allow what this role does."));
        }

        return faults;
    }

    private static object Describe(IdentityProvider provider, bool? isNewSecret = null) => new
    {
        provider.Issuer, provider.ClientId, isNewSecret, provider.AllowsPasswords, provider.CreatesMembers,
        NewMemberRole = RoleChoice.NameOf(provider.NewMemberRole),
    };
}
