using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Users;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Money;

namespace Tollgate.Accounts.Organizations;

/// <summary>Gives a user without an organization one, with its default project and, through the outbox, its wallet.</summary>
internal sealed class OrganizationFounding(
    AccountsDb db, IOptions<OrganizationOptions> options, AuditTrail audit, TimeProvider clock)
{
    /// <summary>
    /// Adds what is missing in the caller's transaction and saves it; the caller commits. Locks the user's row, so that two clicks on one
    /// link found one organization.
    /// </summary>
    /// <param name="network">The client's network, for the limits on welcome credit; null when unknown.</param>
    /// <returns>The default project of the user's organization.</returns>
    public async Task<Project> FoundAsync(User user, string? network, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // The organization does not exist yet, and another one may be the user's.
        await db.Database.ExecuteSqlAsync($"select 1 from accounts.users where id = {user.Id} for update", cancellationToken);
        var own = await db.Memberships.AsNoTracking().Where(m => m.UserId == user.Id).OrderBy(m => m.JoinedAt)
            .FirstOrDefaultAsync(cancellationToken);
        if (own is not null)
        {
            return await db.Projects.AsNoTracking(
                ).SingleAsync(p => p.OrganizationId == own.OrganizationId && p.IsDefault, cancellationToken);
        }

        var now = clock.GetUtcNow();
        var organization =
            new Organization { Id = Guid.CreateVersion7(now), Name = NameFor(user.Email!), CreatedAt = now, CreatedBy = user.Id };
        var project = new Project
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = organization.Id,
            Name = "Default",
            IsDefault = true,
            Limits = Limits.None,
            CreatedAt = now,
        };
        db.AddRange(
            organization,
            project,
            new Membership { OrganizationId = organization.Id, UserId = user.Id, Role = MemberRole.Owner, JoinedAt = now },
            new OrganizationRules
            {
                OrganizationId = organization.Id,
                Version = Guid.CreateVersion7(now),
                Limits = options.Value.ToLimits(),
                Models = new Dictionary<string, Limits>(),
            },
            OutboxMessage.Create(OutboxKind.Policy, organization.Id, now),
            OutboxMessage.Create(OutboxKind.Wallet, organization.Id, now, JsonSerializer.Serialize(
                new OpenWallet(organization.Name, user.EmailConfirmed ? user.Email!.ToLowerInvariant() : null, network),
                ContractsJson.Default.OpenWallet)));
        audit.Add(
            "organization.create", organization.Id.ToString(), organization.Id, after: new { organization.Name }, actorId: user.Id);
        await db.SaveChangesAsync(cancellationToken);
        return project;
    }

    private static string NameFor(string email) => $"{email[..email.IndexOf('@', StringComparison.Ordinal)]}'s organization";
}
