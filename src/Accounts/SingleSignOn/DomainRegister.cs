using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Adds, proves, approves and removes domains of organizations.</summary>
internal sealed class DomainRegister(AccountsDb db, DomainProof proof, AuditTrail audit, TimeProvider clock)
{
    private const int MostDomains = 50;

    /// <summary>The domains of an organization, by name.</summary>
    public Task<List<CapturedDomain>> ListAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.CapturedDomains.AsNoTracking().Where(d => d.OrganizationId == organizationId).OrderBy(d => d.Domain)
            .ToListAsync(cancellationToken);

    /// <summary>The domains of all organizations, those that wait at the front, at most 500.</summary>
    public Task<List<DomainOfOrganization>> ListAllAsync(CancellationToken cancellationToken) => (
        from domain in db.CapturedDomains
        join organization in db.Organizations on domain.OrganizationId equals organization.Id
        orderby domain.CapturedAt != null, domain.Domain
        select new DomainOfOrganization(organization.Id, organization.Name, domain.Domain, domain.AddedAt, domain.CapturedAt))
        .Take(500).ToListAsync(cancellationToken);

    /// <summary>Adds a domain, which then is to be proved. Returns the fault; null when it is there.</summary>
    public async Task<string?> AddAsync(Guid organizationId, string text, CancellationToken cancellationToken)
    {
        if (EmailDomain.Normalize(text) is not { } name)
        {
            return "This is not a domain. Write the part of an address after the @, such as example.com.";
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.LockOrganizationAsync(organizationId, cancellationToken);
        var own = await db.CapturedDomains.AsNoTracking().Where(d => d.OrganizationId == organizationId).Select(d => d.Domain)
            .ToListAsync(cancellationToken);
        if (own.Contains(name))
        {
            return null;
        }

        if (own.Count >= MostDomains)
        {
            return $"An organization has at most {MostDomains} domains.";
        }

        db.CapturedDomains.Add(new CapturedDomain
        {
            OrganizationId = organizationId,
            Domain = name,
            Challenge = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
            AddedAt = clock.GetUtcNow(),
        });
        audit.Add("domain.add", name, organizationId);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>Looks for the record of a domain and captures it. Returns the fault; null when the domain is captured.</summary>
    public async Task<string?> ProveAsync(Guid organizationId, string domain, CancellationToken cancellationToken)
    {
        if (await FindAsync(organizationId, domain, cancellationToken) is not { } found)
        {
            return "There is no such domain any more.";
        }

        return found.CapturedAt is not null ? null
            : await proof.FindFaultAsync(found.RecordName, found.RecordText, cancellationToken)
                ?? await CaptureAsync(found, "domain.prove", approvedBy: null, cancellationToken);
    }

    /// <summary>Captures a domain by the operator's word. Returns the fault; null when the domain is captured.</summary>
    public async Task<string?> ApproveAsync(Guid organizationId, string domain, Guid operatorId, CancellationToken cancellationToken) =>
        await FindAsync(organizationId, domain, cancellationToken) is not { } found ? "There is no such domain any more."
            : found.CapturedAt is not null ? null
            : await CaptureAsync(found, "domain.approve", operatorId, cancellationToken);

    /// <summary>Removes a domain. Its accounts stay and sign in by password. Idempotent.</summary>
    public async Task RemoveAsync(Guid organizationId, string domain, CancellationToken cancellationToken)
    {
        if (await FindAsync(organizationId, domain, cancellationToken) is { } found)
        {
            db.CapturedDomains.Remove(found);
            audit.Add("domain.remove", found.Domain, organizationId, new { Captured = found.CapturedAt is not null });
            await db.SaveChangesAsync(cancellationToken);
        }
    }

    private Task<CapturedDomain?> FindAsync(Guid organizationId, string domain, CancellationToken cancellationToken) =>
        db.CapturedDomains.SingleOrDefaultAsync(d => d.OrganizationId == organizationId && d.Domain == domain, cancellationToken);

    /// <summary>The unique index decides between two organizations that prove one domain at the same moment.</summary>
    private async Task<string?> CaptureAsync(
        CapturedDomain domain, string action, Guid? approvedBy, CancellationToken cancellationToken)
    {
        (domain.CapturedAt, domain.ApprovedBy) = (clock.GetUtcNow(), approvedBy);
        audit.Add(action, domain.Domain, domain.OrganizationId);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return null;
        }
        catch (DbUpdateException exception)
            when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            db.ChangeTracker.Clear();
            return "Another organization has captured this domain. Ask the operator of this installation if that is wrong.";
        }
    }
}

/// <summary>A domain as the operator sees it.</summary>
internal sealed record DomainOfOrganization(
    Guid OrganizationId, string OrganizationName, string Domain, DateTimeOffset AddedAt, DateTimeOffset? CapturedAt);
