using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Catalogue;

/// <summary>The operator's aliases and hidden models.</summary>
internal sealed class AliasBook(AccountsDb db, CatalogueRefresher refresher, TimeProvider clock)
{
    public Task<List<ModelAlias>> ListAsync(CancellationToken cancellationToken) =>
        db.Aliases.AsNoTracking().OrderBy(a => a.Alias).ToListAsync(cancellationToken);

    public Task<List<string>> ListHiddenAsync(CancellationToken cancellationToken) =>
        db.HiddenModels.AsNoTracking().OrderBy(h => h.Model).Select(h => h.Model).ToListAsync(cancellationToken);

    /// <summary>Creates an alias or changes its model.</summary>
    public async Task SetAsync(string alias, string model, Guid actorId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (await db.Aliases.FindAsync([alias], cancellationToken) is { } known)
        {
            (known.Model, known.ChangedAt) = (model, now);
        }
        else
        {
            db.Aliases.Add(new ModelAlias { Alias = alias, Model = model, ChangedAt = now });
        }

        await SaveAsync("alias.set", $"{alias} → {model}", actorId, cancellationToken);
    }

    public async Task RemoveAsync(string alias, Guid actorId, CancellationToken cancellationToken)
    {
        if (await db.Aliases.FindAsync([alias], cancellationToken) is { } known)
        {
            db.Aliases.Remove(known);
            await SaveAsync("alias.remove", alias, actorId, cancellationToken);
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

        await SaveAsync(hidden ? "model.hide" : "model.show", model, actorId, cancellationToken);
    }

    private async Task SaveAsync(string action, string subject, Guid actorId, CancellationToken cancellationToken)
    {
        db.AuditEntries.Add(new AuditEntry { At = clock.GetUtcNow(), ActorId = actorId, Action = action, Subject = subject });
        await db.SaveChangesAsync(cancellationToken);
        await refresher.RefreshAsync(cancellationToken);
    }
}
