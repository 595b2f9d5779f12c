using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Fleet;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Explanations;

namespace Tollgate.Accounts.Keys;

/// <summary>A model that a key can be allowed or denied.</summary>
/// <param name="Name">Real name or alias.</param>
/// <param name="Hint">Additional information; may be empty.</param>
public sealed record ModelChoice(string Name, string Hint);

/// <summary>
/// Lists the models that a form for a project offers: served models, then aliases, then models that the key names but no worker serves now.
/// Models of another project are not among them.
/// </summary>
internal sealed class ModelChoices(GatewayClient gateway, AliasBook aliases, AccountsDb db)
{
    public async Task<IReadOnlyList<ModelChoice>> ListAsync(
        Guid organizationId, Guid projectId, IEnumerable<string> named, CancellationToken cancellationToken)
    {
        var choices = (await ListKnownAsync(organizationId, projectId, cancellationToken)).Where(model => !model.Hidden)
            .Select(model => new ModelChoice(model.Name, model.Name == model.Model ? "" : $"alias of {model.Model}"))
            .ToList();
        choices.AddRange(named.Except(choices.Select(choice => choice.Name)).Select(name => new ModelChoice(name, "not served right now")));
        return choices;
    }

    /// <summary>Says which of the models that a key is allowed its project refuses; null when it refuses none.</summary>
    public async Task<string?> FindRefusedAsync(
        Guid organizationId, Guid projectId, KeyAccess access, CancellationToken cancellationToken)
    {
        var project = await db.Projects.AsNoTracking().SingleOrDefaultAsync(
            p => p.OrganizationId == organizationId && p.Id == projectId, cancellationToken);
        if (access.ModelsAllowed is not { } allowed || project?.ToRules() is not { } rules)
        {
            return null;
        }

        var real = (await aliases.ListAsync(cancellationToken)).ToDictionary(alias => alias.Alias, alias => alias.Model);
        string[] refused = [.. allowed.Where(name => !rules.Permits(name, real.GetValueOrDefault(name, name)))];
        return refused.Length == 0 ? null : $"The project {project.Name} may not call {string.Join(", ", refused)}.";
    }

    /// <summary>Lists what clients of a project may write, the operator's hidden models included: served models, then aliases.</summary>
    public async Task<IReadOnlyList<NamedModel>> ListKnownAsync(Guid organizationId, Guid projectId, CancellationToken cancellationToken)
    {
        var hidden = await aliases.ListHiddenAsync(cancellationToken);
        var known = await aliases.ListAsync(cancellationToken);
        var fleet = await gateway.GetFleetAsync(cancellationToken);
        var served = (fleet.Value?.Workers ?? []).SelectMany(worker => worker.Status?.Models ?? [])
            .ToLookup(model => model.Card.IsOpenTo(organizationId, projectId), model => model.Card.Name);
        return
        [
            .. served[true].Distinct().Order(StringComparer.Ordinal).Select(name => new NamedModel(name, name, hidden.Contains(name))),
            .. known.Where(alias => !served[false].Contains(alias.Model))
                .Select(alias => new NamedModel(alias.Alias, alias.Model, hidden.Contains(alias.Model))),
        ];
    }
}
