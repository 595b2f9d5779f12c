using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.Fleet;


namespace Tollgate.Accounts.Keys;

/// <summary>A model that a key can be allowed or denied.</summary>
/// <param name="Name">Real name or alias.</param>
/// <param name="Hint">Additional information; may be empty.</param>
public sealed record ModelChoice(string Name, string Hint);

/// <summary>
/// Lists the models that a form offers: served models, then aliases, then models that the key names but no worker serves now.
/// </summary>
internal sealed class ModelChoices(GatewayClient gateway, AliasBook aliases)
{
    public async Task<IReadOnlyList<ModelChoice>> ListAsync(IEnumerable<string> named, CancellationToken cancellationToken)
    {
        var hidden = await aliases.ListHiddenAsync(cancellationToken);
        var known = await aliases.ListAsync(cancellationToken);
        var fleet = await gateway.GetFleetAsync(cancellationToken);
        var served = (fleet.Value?.Workers ?? []).SelectMany(worker => worker.Status?.Models ?? []).Select(model => model.Card.Name)
            .Where(name => !hidden.Contains(name)).Distinct().Order(StringComparer.Ordinal);
        var choices = served.Select(name => new ModelChoice(name, ""))
            .Concat(known.Where(alias => !hidden.Contains(alias.Model))
                .Select(alias => new ModelChoice(alias.Alias, $"alias of {alias.Model}")))
            .ToList();
        choices.AddRange(named.Except(choices.Select(choice => choice.Name)).Select(name => new ModelChoice(name, "not served right now")));
        return choices;
    }
}
