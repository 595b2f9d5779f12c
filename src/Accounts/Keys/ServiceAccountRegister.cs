using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Keys;

/// <summary>Makes and deletes service accounts of projects.</summary>
internal sealed class ServiceAccountRegister(AccountsDb db, KeyRegister keys, AuditTrail audit, TimeProvider clock)
{
    /// <summary>Most service accounts of a project at once.</summary>
    internal const int Most = 200;

    /// <summary>Lists those that are not deleted, the oldest first.</summary>
    public Task<List<ServiceAccount>> ListAsync(Guid organizationId, Guid projectId, CancellationToken cancellationToken) =>
        db.ServiceAccounts.AsNoTracking()
            .Where(a => a.OrganizationId == organizationId && a.ProjectId == projectId && a.DeletedAt == null)
            .OrderBy(a => a.CreatedAt).ThenBy(a => a.Id).ToListAsync(cancellationToken);

    /// <summary>Finds one that is not deleted; null for another organization's or project's.</summary>
    public Task<ServiceAccount?> FindAsync(Guid organizationId, Guid projectId, Guid accountId, CancellationToken cancellationToken) =>
        db.ServiceAccounts.AsNoTracking().SingleOrDefaultAsync(
            a => a.OrganizationId == organizationId && a.ProjectId == projectId && a.Id == accountId && a.DeletedAt == null,
            cancellationToken);

    /// <summary>
    /// Makes a service account, once for an id. Null when the project does not exist or is archived, or when it has
    /// <see cref="Most"/>.
    /// </summary>
    /// <param name="accountId">Chosen by the page, so a form submitted twice makes one.</param>
    public async Task<ServiceAccount?> CreateAsync(
        Guid organizationId, Guid projectId, Guid accountId, string name, MemberRole role, Guid? actorId,
        CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.LockOrganizationAsync(organizationId, cancellationToken);
        if (await db.ServiceAccounts.AnyAsync(a => a.Id == accountId, cancellationToken))
        {
            return await FindAsync(organizationId, projectId, accountId, cancellationToken);
        }

        if (!await db.Projects.AnyAsync(
                p => p.OrganizationId == organizationId && p.Id == projectId && p.ArchivedAt == null, cancellationToken)
            || await db.ServiceAccounts.CountAsync(
                a => a.OrganizationId == organizationId && a.ProjectId == projectId && a.DeletedAt == null, cancellationToken) >= Most)
        {
            return null;
        }

        var account = new ServiceAccount
        {
            Id = accountId,
            OrganizationId = organizationId,
            ProjectId = projectId,
            Name = name,
            Role = role,
            CreatedAt = clock.GetUtcNow(),
            CreatedBy = actorId,
        };
        db.ServiceAccounts.Add(account);
        audit.Add(
            "service-account.create", accountId.ToString(), organizationId, before: null, new { name, projectId, role }, actorId);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return account;
    }

    /// <summary>Gives a service account another name. Returns false when there is none.</summary>
    public async Task<bool> RenameAsync(
        Guid organizationId, Guid projectId, Guid accountId, string name, Guid? actorId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.LockOrganizationAsync(organizationId, cancellationToken);
        var account = await db.ServiceAccounts.SingleOrDefaultAsync(
            a => a.OrganizationId == organizationId && a.ProjectId == projectId && a.Id == accountId && a.DeletedAt == null,
            cancellationToken);
        if (account is not null && account.Name != name)
        {
            audit.Add("service-account.rename", accountId.ToString(), organizationId, new { account.Name }, new { name }, actorId);
            account.Name = name;
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return account is not null;
    }

    /// <summary>Deletes a service account and revokes its keys. Returns false when there is none.</summary>
    public async Task<bool> DeleteAsync(
        Guid organizationId, Guid projectId, Guid accountId, Guid? actorId, CancellationToken cancellationToken)
    {
        IReadOnlyList<Guid> revoked;
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            // The lock under which keys are made: none is made for an account that is being deleted.
            await db.LockOrganizationAsync(organizationId, cancellationToken);
            var account = await db.ServiceAccounts.SingleOrDefaultAsync(
                a => a.OrganizationId == organizationId && a.ProjectId == projectId && a.Id == accountId && a.DeletedAt == null,
                cancellationToken);
            if (account is null)
            {
                return false;
            }

            account.DeletedAt = clock.GetUtcNow();
            audit.Add(
                "service-account.delete", accountId.ToString(), organizationId, new { account.Name, projectId, account.Role },
                after: null, actorId);
            revoked = await keys.RevokeOfServiceAccountAsync(organizationId, accountId, actorId, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await keys.PublishAllAsync(revoked);
        return true;
    }
}
