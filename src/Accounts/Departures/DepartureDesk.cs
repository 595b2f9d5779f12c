using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Departures;

/// <summary>Takes requests to delete an account or an organization, and cancels them. Each is one transaction; again, it changes nothing.
/// </summary>
internal sealed class DepartureDesk(
    AccountsDb db, AuditTrail audit, DepartureLetters letters, PolicyPublisher policies, IOptions<DepartureOptions> options,
    TimeProvider clock)
{
    /// <summary>Lists the organizations that a person's account is tied to.</summary>
    public async Task<AccountTies> FindTiesAsync(Guid userId, CancellationToken cancellationToken)
    {
        using var scope = db.ForAll(); // A person's ties are to several organizations.
        var all = db.Memberships;
        var rows = await (
            from own in all
            where own.UserId == userId
            join organization in db.Organizations on own.OrganizationId equals organization.Id
            orderby organization.Name, organization.Id
            select new
            {
                organization.Id,
                organization.Name,
                own.Role,
                Members = all.Count(one => one.OrganizationId == organization.Id),
                Owners = all.Count(one => one.OrganizationId == organization.Id && one.Role == MemberRole.Owner),
            }).ToListAsync(cancellationToken);
        return new AccountTies(
            [.. rows.Where(row => row.Role == MemberRole.Owner && row.Owners == 1 && row.Members > 1)
                .Select(row => new NamedOrganization(row.Id, row.Name))],
            [.. rows.Where(row => row.Members == 1).Select(row => new NamedOrganization(row.Id, row.Name))]);
    }

    /// <summary>Requests the deletion of an account, and of the organizations that have no other member.</summary>
    /// <returns>False while the person is the only owner of an organization with others.</returns>
    public async Task<bool> RequestAccountAsync(Guid userId, CancellationToken cancellationToken)
    {
        AccountTies ties;
        using var all = db.ForAll();
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            var user = await LockUserAsync(userId, cancellationToken);
            ties = await FindTiesAsync(userId, cancellationToken);
            if (ties.NeedAnOwner.Count > 0)
            {
                return false;
            }

            if (await db.FindDepartureAsync(DepartureKind.Account, userId, cancellationToken) is not null)
            {
                return true;
            }

            var departure = Departure.Request(DepartureKind.Account, userId, userId, clock.GetUtcNow(), options.Value.Grace);
            db.Departures.Add(departure);
            await SetLeavingAsync(userId, departure.DueAt, cancellationToken);
            audit.Add("account.request-deletion", userId.ToString(), after: new { departure.DueAt });
            letters.AddAccountRequested(new Addressee(userId, user.Email!), departure.DueAt);
            await db.SaveChangesAsync(cancellationToken);
            foreach (var organization in ties.OnlyMember)
            {
                await AddAsync(organization.Id, userId, options.Value.Grace, departure.Id, cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
        }

        await PublishAsync(ties.OnlyMember.Select(one => one.Id));
        return true;
    }

    /// <summary>Requests the deletion of an organization: gateways refuse its keys at once. The caller is an owner.</summary>
    public async Task RequestOrganizationAsync(Guid organizationId, Guid userId, CancellationToken cancellationToken)
    {
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            await AddAsync(organizationId, userId, options.Value.Grace, parentId: null, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await PublishAsync([organizationId]);
    }

    /// <summary>Keeps an account after all, and the organizations that were to go with it.</summary>
    /// <returns>False when its time is over.</returns>
    public async Task<bool> CancelAccountAsync(Guid userId, CancellationToken cancellationToken)
    {
        List<Guid> reopened;
        using var all = db.ForAll();
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            var user = await LockUserAsync(userId, cancellationToken);
            if (await db.FindDepartureAsync(DepartureKind.Account, userId, cancellationToken) is not { } found)
            {
                return user.LeavesAt is null;
            }

            var departure = await db.LockDepartureAsync(found.Id, cancellationToken);
            if (!departure.Cancel(userId, clock.GetUtcNow()))
            {
                return false;
            }

            await SetLeavingAsync(userId, null, cancellationToken);
            audit.Add("account.cancel-deletion", userId.ToString());
            letters.AddAccountKept(new Addressee(userId, user.Email!));
            await db.SaveChangesAsync(cancellationToken);
            reopened = await CancelChildrenAsync(departure.Id, userId, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await PublishAsync(reopened);
        return true;
    }

    /// <summary>Keeps an organization after all: its keys work again. The caller is an owner.</summary>
    /// <returns>False when its time is over.</returns>
    public async Task<bool> CancelOrganizationAsync(Guid organizationId, Guid userId, CancellationToken cancellationToken)
    {
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            if (await db.FindDepartureAsync(DepartureKind.Organization, organizationId, cancellationToken) is not { } found)
            {
                return true;
            }

            if (!await CancelAsync(found.Id, userId, cancellationToken))
            {
                return false;
            }

            await transaction.CommitAsync(cancellationToken);
        }

        await PublishAsync([organizationId]);
        return true;
    }

    /// <summary>Adds the departure of an organization to the caller's transaction and saves it, unless there is one.</summary>
    public async Task AddAsync(
        Guid organizationId, Guid userId, TimeSpan grace, Guid? parentId, CancellationToken cancellationToken)
    {
        var rules = await LockRulesAsync(organizationId, cancellationToken);
        if (await db.FindDepartureAsync(DepartureKind.Organization, organizationId, cancellationToken) is not null)
        {
            return;
        }

        var departure = Departure.Request(
            DepartureKind.Organization, organizationId, userId, clock.GetUtcNow(), grace, parentId);
        db.Departures.Add(departure);
        rules.Close(departure.DueAt, clock);
        db.Outbox.Add(OutboxMessage.Create(OutboxKind.Policy, organizationId, clock.GetUtcNow()));
        audit.Add(
            "organization.request-deletion", organizationId.ToString(), organizationId, after: new { departure.DueAt }, actorId: userId);
        var name = await NameAsync(organizationId, cancellationToken);
        foreach (var owner in await FindOwnersAsync(organizationId, cancellationToken))
        {
            letters.AddOrganizationRequested(owner, name, departure.DueAt);
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Cancels the waiting departures of organizations that were to go with an account, in the caller's transaction.</summary>
    /// <returns>The organizations, whose policies are to be published after the commit.</returns>
    public async Task<List<Guid>> CancelChildrenAsync(Guid parentId, Guid? by, CancellationToken cancellationToken)
    {
        var reopened = new List<Guid>();
        foreach (var child in await db.Departures.AsNoTracking().Where(d => d.ParentId == parentId).ToListAsync(cancellationToken))
        {
            if (await CancelAsync(child.Id, by, cancellationToken))
            {
                reopened.Add(child.SubjectId);
            }
        }

        return reopened;
    }

    /// <summary>Cancels the departure of an organization in the caller's transaction. False when that is too late.</summary>
    /// <param name="by">Null for the platform itself.</param>
    public async Task<bool> CancelAsync(Guid departureId, Guid? by, CancellationToken cancellationToken)
    {
        var departure = await db.LockDepartureAsync(departureId, cancellationToken);
        if (!departure.Cancel(by, clock.GetUtcNow()))
        {
            return false;
        }

        (await LockRulesAsync(departure.SubjectId, cancellationToken)).Reopen(clock);
        db.Outbox.Add(OutboxMessage.Create(OutboxKind.Policy, departure.SubjectId, clock.GetUtcNow()));
        audit.Add("organization.cancel-deletion", departure.SubjectId.ToString(), departure.SubjectId, actorId: by);
        var name = await NameAsync(departure.SubjectId, cancellationToken);
        foreach (var owner in await FindOwnersAsync(departure.SubjectId, cancellationToken))
        {
            letters.AddOrganizationKept(owner, name);
        }

        await db.SaveChangesAsync(cancellationToken);
        return true;
    }

    /// <summary>Brings committed changes of policies to Redis; what Redis does not take, the outbox brings.</summary>
    public async Task PublishAsync(IEnumerable<Guid> organizationIds)
    {
        foreach (var organizationId in organizationIds)
        {
            await policies.PublishChangeAsync(organizationId);
        }
    }

    /// <summary>Lists the owners of an organization that mail can reach.</summary>
    public Task<List<Addressee>> FindOwnersAsync(Guid organizationId, CancellationToken cancellationToken) => (
        from member in db.Memberships
        where member.OrganizationId == organizationId && member.Role == MemberRole.Owner
        join user in db.Users on member.UserId equals user.Id
        where user.Email != null && user.EmailConfirmed
        orderby member.JoinedAt
        select new Addressee(user.Id, user.Email!)).ToListAsync(cancellationToken);

    /// <summary>Sets when an account is deleted, in the caller's transaction; null to keep it.</summary>
    public Task SetLeavingAsync(Guid userId, DateTimeOffset? at, CancellationToken cancellationToken) =>
        db.Users.Where(user => user.Id == userId).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.LeavesAt, at), cancellationToken);

    private Task<string> NameAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.Organizations.Where(one => one.Id == organizationId).Select(one => one.Name).SingleAsync(cancellationToken);

    private async Task<User> LockUserAsync(Guid userId, CancellationToken cancellationToken) =>
        (await db.Users.FromSql($"select * from accounts.users where id = {userId} for update").AsNoTracking()
            .ToListAsync(cancellationToken))[0];

    private async Task<OrganizationRules> LockRulesAsync(Guid organizationId, CancellationToken cancellationToken) =>
        (await db.OrganizationRules.FromSql(
            $"select * from accounts.organization_policies where organization_id = {organizationId} for update")
            .ToListAsync(cancellationToken))[0];
}

/// <summary>Organizations that an account is tied to.</summary>
/// <param name="NeedAnOwner">Those that have other members and no other owner.</param>
/// <param name="OnlyMember">Those that have no other member; they are deleted with the account.</param>
internal sealed record AccountTies(IReadOnlyList<NamedOrganization> NeedAnOwner, IReadOnlyList<NamedOrganization> OnlyMember);

/// <summary>An organization by name.</summary>
internal sealed record NamedOrganization(Guid Id, string Name);
