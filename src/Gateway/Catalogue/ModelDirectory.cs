using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Workers;

namespace Tollgate.Gateway.Catalogue;

/// <summary>What became of a name that a client wrote.</summary>
/// <param name="Model">The real name.</param>
/// <param name="Card">Null when the model is known but no worker has shown it since this gateway started.</param>
internal sealed record ResolvedModel(string Model, ModelCard? Card);

/// <summary>One line of <c>GET /v1/models</c>: a model by its real name or by an alias.</summary>
internal sealed record ListedModel(string Id, DateTimeOffset CreatedAt);

/// <summary>Which models a caller can see and call: deployments from Learning, aliases from Accounts, cards from the workers, and the key's
/// own lists over all of them. A trained model exists for keys of its project alone.</summary>
internal sealed class ModelDirectory(
    AliasCatalogue aliases, DeploymentCatalogue deployments, PriceCatalogue prices, WorkerPool workers)
{
    /// <summary>The model behind <paramref name="name"/>, or null when it does not exist for this caller: hidden, not allowed to the key,
    /// another project's, or unknown. A name of the caller's project goes before an alias and a real name.</summary>
    public ResolvedModel? Resolve(string name, Caller caller)
    {
        var model = deployments.Resolve(caller.Project, name) ?? aliases.Resolve(name);
        var card = workers.FindCard(model);
        if (!MayCall(name, model, card, caller))
        {
            return null;
        }

        return card is not null || prices.Knows(model) || deployments.OwnerOf(model) is not null ? new ResolvedModel(model, card) : null;
    }

    /// <summary>Whether the caller can call a model that fits.</summary>
    public bool Has(Caller caller, Predicate<ModelCard> fits) =>
        workers.Cards.Any(card => MayCall(card.Name, card.Name, card, caller) && fits(card));

    /// <summary>All names that the caller can call: real names, then aliases, then names of its project, each in order.</summary>
    public IReadOnlyList<ListedModel> List(Caller caller)
    {
        // What trainers offer is no model that a request can name.
        var cards = workers.Cards.Where(card => card.Task != ModelTask.Training.Name)
            .ToDictionary(card => card.Name, StringComparer.Ordinal);
        var deployed = deployments.NamesOf(caller.Project)
            .Where(name => cards.TryGetValue(name.Model, out var card) && MayCall(name.Name, name.Model, card, caller))
            .OrderBy(name => name.Name, StringComparer.Ordinal)
            .Select(name => new ListedModel(name.Name, name.CreatedAt))
            .ToList();
        var taken = deployed.Select(name => name.Id).ToHashSet(StringComparer.Ordinal);
        var models = cards.Values
            .Where(card => !taken.Contains(card.Name) && MayCall(card.Name, card.Name, card, caller))
            .OrderBy(card => card.Name, StringComparer.Ordinal)
            .Select(card => new ListedModel(card.Name, card.CreatedAt));
        var named = aliases.Aliases
            .Where(alias => !cards.ContainsKey(alias.Key) && !taken.Contains(alias.Key)
                && cards.TryGetValue(alias.Value, out var card) && MayCall(alias.Key, alias.Value, card, caller))
            .OrderBy(alias => alias.Key, StringComparer.Ordinal)
            .Select(alias => new ListedModel(alias.Key, cards[alias.Value].CreatedAt));
        return [.. models, .. named, .. deployed];
    }

    /// <summary>Whether a model exists for the caller. Learning and the worker must agree on whose trained model it is, so that neither an
    /// old copy here nor another model of that name at a worker opens one.</summary>
    /// <param name="card">Null while no worker has shown the model.</param>
    private bool MayCall(string asked, string model, ModelCard? card, Caller caller)
    {
        var owner = deployments.OwnerOf(model);
        return !aliases.IsHidden(model) && caller.MayCall(asked, model) && (card is null || card.Owner == owner)
            && (owner is null || owner == caller.Project);
    }
}
