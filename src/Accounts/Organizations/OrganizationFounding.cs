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

/// <summary>Founds organizations: each with a default project and, through the outbox, its wallet.</summary>
internal sealed class OrganizationFounding(
    AccountsDb db, IOptions<OrganizationOptions> options, AuditTrail audit, OutboxSignal signal, TimeProvider clock)
{
    /// <summary>Organizations that one person may found.</summary>
    public int MostPerPerson => options.Value.MostPerPerson;

    /// <summary>
    /// Gives a user without an organization one. Adds what is missing in the caller's transaction and saves it; the caller commits. Locks
    /// the user's row, so that two clicks on one link found one organization.
    /// </summary>
    /// <param name="network">The client's network, for the limits on welcome credit; null when unknown.</param>
    /// <returns>The default project of the user's organization.</returns>
    public async Task<Project> FoundAsync(User user, string? network, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // The organization does not exist yet, and another one may be the user's.
        await LockAsync(user.Id, cancellationToken);
        var own = await db.Memberships.AsNoTracking().Where(m => m.UserId == user.Id).OrderBy(m => m.JoinedAt)
            .FirstOrDefaultAsync(cancellationToken);
        if (own is not null)
        {
            return await db.Projects.AsNoTracking(
                ).SingleAsync(p => p.OrganizationId == own.OrganizationId && p.IsDefault, cancellationToken);
        }

        return await AddAsync(Guid.CreateVersion7(clock.GetUtcNow()), NameFor(user.Email!), user, network, cancellationToken);
    }

    /// <summary>Founds another organization for a user, who becomes its owner. Commits.</summary>
    /// <param name="organizationId">Chosen by the page, so a form sent twice founds one organization.</param>
    public async Task<Founding> FoundAnotherAsync(
        Guid organizationId, string name, Guid userId, string? network, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // The person counts those of the past, too.
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            await LockAsync(userId, cancellationToken);
            var earlier = await db.Organizations.AsNoTracking().SingleOrDefaultAsync(o => o.Id == organizationId, cancellationToken);
            if (earlier is not null)
            {
                return earlier.CreatedBy == userId ? Founding.Done : Founding.IdTaken;
            }

            if (await db.Organizations.CountAsync(o => o.CreatedBy == userId, cancellationToken) >= MostPerPerson)
            {
                return Founding.TooMany;
            }

            var user = await db.Users.AsNoTracking().SingleAsync(one => one.Id == userId, cancellationToken);
            await AddAsync(organizationId, name, user, network, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        signal.Raise();
        return Founding.Done;
    }

    private Task<int> LockAsync(Guid userId, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync($"select 1 from accounts.users where id = {userId} for update", cancellationToken);

    private async Task<Project> AddAsync(
        Guid organizationId, string name, User user, string? network, CancellationToken cancellationToken)
    {
        // Welcome credit goes to a person once: with the first organization that the person founds.
        var isFirst = !await db.Organizations.AnyAsync(o => o.CreatedBy == user.Id, cancellationToken);
        var now = clock.GetUtcNow();
        var organization = new Organization { Id = organizationId, Name = name, CreatedAt = now, CreatedBy = user.Id };
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
                new OpenWallet(organization.Name, isFirst && user.EmailConfirmed ? user.Email!.ToLowerInvariant() : null, network),
                ContractsJson.Default.OpenWallet)));
        audit.Add(
            "organization.create", organization.Id.ToString(), organization.Id, after: new { organization.Name }, actorId: user.Id);
        await db.SaveChangesAsync(cancellationToken);
        return project;
    }

    /// <summary>A name that fits its column, however long the address is.</summary>
    private static string NameFor(string email) =>
        $"{email[..Math.Min(80, email.IndexOf('@', StringComparison.Ordinal))]}'s organization";
}

/// <summary>Result of founding another organization.</summary>
internal enum Founding
{
    /// <summary>It exists now, or did before the form was sent again.</summary>
    Done,

    /// <summary>The person has founded as many as a person may. 409.</summary>
    TooMany,

    /// <summary>The id belongs to somebody else's organization. 409.</summary>
    IdTaken,
}
