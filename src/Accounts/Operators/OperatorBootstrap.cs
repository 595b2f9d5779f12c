using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Users;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Operators;

/// <summary>
/// Creates the first operator of a new installation at most once: account, organization, project and key in one transaction.
/// </summary>
internal sealed class OperatorBootstrap(
    AccountsDb db, UserManager<User> users, OrganizationFounding founding, KeyRegister keys, AuditTrail audit, TimeProvider clock)
{
    public async Task<BootstrapOutcome> RunAsync(Bootstrap order, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // It makes the first organization.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtext('tollgate bootstrap'))", cancellationToken);
        if (await db.Users.AnyAsync(u => u.IsOperator, cancellationToken))
        {
            return new BootstrapOutcome.Present();
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
            return new BootstrapOutcome.Refused([.. result.Errors.Select(e => e.Description)]);
        }

        var project = await founding.FoundAsync(user, network: null, cancellationToken);
        var (_, text) = keys.Add(new KeyOrder(
            Guid.CreateVersion7(now), project.OrganizationId, project.Id, "First key", Limits.None, KeyAccess.All, user.Id));
        audit.Add("operator.create", user.Id.ToString());
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new BootstrapOutcome.Made(text, project.OrganizationId);
    }

    /// <summary>
    /// Finds the default project of the first operator's organization, and acts for that organization from then on. Null before the
    /// bootstrap.
    /// </summary>
    public async Task<Project?> EnterDefaultProjectAsync(CancellationToken cancellationToken)
    {
        db.Scope = OrganizationScope.All;
        var found = await (
            from user in db.Users
            where user.IsOperator
            orderby user.CreatedAt
            join membership in db.Memberships on user.Id equals membership.UserId
            join project in db.Projects on membership.OrganizationId equals project.OrganizationId
            where project.IsDefault
            select project).AsNoTracking().FirstOrDefaultAsync(cancellationToken);
        db.Scope = found is null ? OrganizationScope.None : OrganizationScope.Of(found.OrganizationId);
        return found;
    }
}

/// <summary>Result of a bootstrap.</summary>
internal abstract record BootstrapOutcome
{
    private BootstrapOutcome()
    {
    }

    /// <summary>The operator was created.</summary>
    /// <param name="KeyText">The first key, shown only once.</param>
    internal sealed record Made(string KeyText, Guid OrganizationId) : BootstrapOutcome;

    /// <summary>An operator already exists; nothing was changed.</summary>
    internal sealed record Present : BootstrapOutcome;

    /// <summary>Nothing was created.</summary>
    /// <param name="Faults">Faults of the e-mail address or the password.</param>
    internal sealed record Refused(IReadOnlyList<string> Faults) : BootstrapOutcome;
}
