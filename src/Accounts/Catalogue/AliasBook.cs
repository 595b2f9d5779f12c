using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Catalogue;

/// <summary>The operator's aliases and hidden models.</summary>
internal sealed class AliasBook(AccountsDb db, CatalogueRefresher refresher, AuditTrail audit, TimeProvider clock)
{
    public Task<List<ModelAlias>> ListAsync(CancellationToken cancellationToken) =>
        db.Aliases.AsNoTracking().OrderBy(a => a.Alias).ToListAsync(cancellationToken);

    public Task<List<string>> ListHiddenAsync(CancellationToken cancellationToken) =>
        db.HiddenModels.AsNoTracking().OrderBy(h => h.Model).Select(h => h.Model).ToListAsync(cancellationToken);

    /// <summary>Creates an alias or changes its model.</summary>
    public async Task SetAsync(string alias, string model, Guid actorId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        string? before = null;
        if (await db.Aliases.FindAsync([alias], cancellationToken) is { } known)
        {
            before = known.Model;
            (known.Model, known.ChangedAt) = (model, now);
        }
        else
        {
            db.Aliases.Add(new ModelAlias { Alias = alias, Model = model, ChangedAt = now });
        }

        audit.Add(
            "alias.set", $"{alias} → {model}", before: before is null ? null : new { model = before }, after: new { model },
            actorId: actorId);
        await SaveAsync(cancellationToken);
    }

    public async Task RemoveAsync(string alias, Guid actorId, CancellationToken cancellationToken)
    {
        if (await db.Aliases.FindAsync([alias], cancellationToken) is { } known)
        {
            db.Aliases.Remove(known);
            audit.Add("alias.remove", alias, before: new { known.Model }, actorId: actorId);
            await SaveAsync(cancellationToken);
        }
    }

    public async Task SetHiddenAsync(string model, bool hidden, Guid actorId, CancellationToken cancellationToken)
    {
        var known = await db.HiddenModels.FindAsync([model], cancellationToken);
        if (hidden == (known is not null))
        {
            return;
        }

        if (known is null)
        {
            db.HiddenModels.Add(new HiddenModel { Model = model, HiddenAt = clock.GetUtcNow() });
        }
        else
        {
            db.HiddenModels.Remove(known);
        }

        audit.Add(
            hidden ? "model.hide" : "model.show", model, before: new { hidden = !hidden }, after: new { hidden }, actorId: actorId);
        await SaveAsync(cancellationToken);
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        await refresher.RefreshAsync(cancellationToken);
    }
}
