using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Users;

/// <summary>Makes the first operator of a new installation: account, organization,
/// project and key in one transaction, and only once.</summary>
internal sealed class OperatorBootstrap(
    AccountsDb db, UserManager<User> users, OrganizationFounding founding, KeyRegister keys, OutboxSignal signal, TimeProvider clock)
{
    /// <summary>The answer, or what is wrong with the e-mail address or the password.</summary>
    public async Task<(Bootstrapped? Done, IReadOnlyList<string> Errors)> RunAsync(Bootstrap order, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtext('tollgate bootstrap'))", cancellationToken);
        if (await db.Users.AnyAsync(u => u.IsOperator, cancellationToken))
        {
            return (new Bootstrapped(false, null), []);
        }

        var now = clock.GetUtcNow();
        var user = new User
        {
            Id = Guid.CreateVersion7(now),
            UserName = order.Email,
            Email = order.Email,
            EmailConfirmed = true,
            IsOperator = true,
            CreatedAt = now,
        };
        var result = await users.CreateAsync(user, order.Password);
        if (!result.Succeeded)
        {
            return (null, [.. result.Errors.Select(e => e.Description)]);
        }

        var project = await founding.FoundAsync(user, network: null, cancellationToken);
        var (_, text) = keys.Add(new KeyOrder(
            Guid.CreateVersion7(now), project.OrganizationId, project.Id, "First key", Limits.None, KeyAccess.All, user.Id));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        signal.Raise();
        return (new Bootstrapped(true, text), []);
    }

    /// <summary>Default project of the first operator's organization; null before the bootstrap.</summary>
    public Task<Project?> FindDefaultProjectAsync(CancellationToken cancellationToken) =>
        (from user in db.Users
         where user.IsOperator
         orderby user.CreatedAt
         join membership in db.Memberships on user.Id equals membership.UserId
         join project in db.Projects on membership.OrganizationId equals project.OrganizationId
         where project.IsDefault
         select project).AsNoTracking().FirstOrDefaultAsync(cancellationToken);
}
