using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Catalogue;

/// <summary>The plans of models. Changes of one model's plan run one after another, over all instances.</summary>
internal sealed class PlanBook(AccountsDb db, CatalogueRefresher refresher, AuditTrail audit, TimeProvider clock)
{
    public Task<List<ModelPlanEntry>> ListAsync(CancellationToken cancellationToken) =>
        db.ModelPlans.AsNoTracking().OrderBy(plan => plan.Model).ToListAsync(cancellationToken);

    /// <summary>Begins a change: waits until no other change of the model's plan runs, and reads the plan.</summary>
    public async Task<PlanChange> BeginAsync(string model, CancellationToken cancellationToken)
    {
        var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"select pg_advisory_xact_lock(hashtext('tollgate model plan'), hashtext({model}))", cancellationToken);
        return new PlanChange(db, audit, transaction, model, await FindAsync(model, cancellationToken), clock.GetUtcNow());
    }

    /// <summary>As <see cref="BeginAsync"/>; null while another change of the plan runs.</summary>
    public async Task<PlanChange?> TryBeginAsync(string model, CancellationToken cancellationToken)
    {
        var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var isFree = await db.Database.SqlQuery<bool>(
            $"select pg_try_advisory_xact_lock(hashtext('tollgate model plan'), hashtext({model})) as \"Value\"")
            .SingleAsync(cancellationToken);
        if (!isFree)
        {
            await transaction.DisposeAsync();
            return null;
        }

        return new PlanChange(db, audit, transaction, model, await FindAsync(model, cancellationToken), clock.GetUtcNow());
    }

    /// <summary>Commits a change, and publishes it.</summary>
    public async Task CommitAsync(PlanChange change, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        await change.Transaction.CommitAsync(cancellationToken);
        await refresher.RefreshAsync(cancellationToken);
    }

    private Task<ModelPlanEntry?> FindAsync(string model, CancellationToken cancellationToken) =>
        db.ModelPlans.SingleOrDefaultAsync(plan => plan.Model == model, cancellationToken);
}
