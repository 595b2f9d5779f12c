using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Explanations;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Keys;

/// <summary>
/// Explains why a key is limited as it is: by the records that gateways get, and by the code with which they decide.
/// </summary>
internal sealed class KeyExplainer(AccountsDb db, KeyOwners owners, ModelChoices models, TimeProvider clock)
{
    /// <summary>Explains any key of the installation, for the operator; null when no such key was ever made.</summary>
    public async Task<KeyExplanation?> ExplainAsync(string publicId, CancellationToken cancellationToken)
    {
        using var all = db.ForAll();
        return await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.PublicId == publicId, cancellationToken) is { } key
            ? await ExplainAsync(key, cancellationToken) : null;
    }

    public async Task<KeyExplanation> ExplainAsync(ApiKey key, CancellationToken cancellationToken)
    {
        var rules = await db.OrganizationRules.AsNoTracking()
            .SingleAsync(r => r.OrganizationId == key.OrganizationId, cancellationToken);
        var projects = await db.Projects.AsNoTracking().Where(p => p.OrganizationId == key.OrganizationId).ToListAsync(cancellationToken);
        var organization = await db.Organizations.Where(o => o.Id == key.OrganizationId).Select(o => o.Name)
            .SingleAsync(cancellationToken);
        var both = new KeyRules(key.ToRecord(), rules.ToPolicy(projects));
        var names = await owners.NamesAsync(key.OrganizationId, [key], cancellationToken);
        return new KeyExplanation(
            key.PublicId, key.Name, names.GetValueOrDefault(key.Id), projects.Single(p => p.Id == key.ProjectId).Name, organization,
            EffectiveValues.Of(both, clock.GetUtcNow()),
            EffectiveValues.Of(both, await models.ListKnownAsync(key.OrganizationId, key.ProjectId, cancellationToken)));
    }
}
