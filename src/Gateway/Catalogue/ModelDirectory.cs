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

/// <summary>Which models a caller can see and call: aliases from Accounts, cards from the workers, and the key's own lists over
/// both.</summary>
internal sealed class ModelDirectory(AliasCatalogue aliases, PriceCatalogue prices, WorkerPool workers)
{
    /// <summary>The model behind <paramref name="name"/>, or null when it does not exist for this caller: hidden, not allowed to the key,
    /// or unknown.</summary>
    public ResolvedModel? Resolve(string name, Caller caller)
    {
        var model = aliases.Resolve(name);
        if (aliases.IsHidden(model) || !caller.MayCall(name, model))
        {
            return null;
        }

        var card = workers.FindCard(model);
        return card is not null || prices.Knows(model) ? new ResolvedModel(model, card) : null;
    }

    /// <summary>Whether the caller can call a model that fits.</summary>
    public bool Has(Caller caller, Predicate<ModelCard> fits) =>
        workers.Cards.Any(card => !aliases.IsHidden(card.Name) && caller.MayCall(card.Name, card.Name) && fits(card));

    /// <summary>All names that the caller can call, real names before aliases, each in order.</summary>
    public IReadOnlyList<ListedModel> List(Caller caller)
    {
        // What trainers offer is no model that a request can name.
        var cards = workers.Cards.Where(card => card.Task != ModelTask.Training.Name && !aliases.IsHidden(card.Name))
            .ToDictionary(card => card.Name, StringComparer.Ordinal);
        var models = cards.Values
            .Where(card => caller.MayCall(card.Name, card.Name))
            .OrderBy(card => card.Name, StringComparer.Ordinal)
            .Select(card => new ListedModel(card.Name, card.CreatedAt));
        var named = aliases.Aliases
            .Where(alias => cards.ContainsKey(alias.Value) && !cards.ContainsKey(alias.Key) && caller.MayCall(alias.Key, alias.Value))
            .OrderBy(alias => alias.Key, StringComparer.Ordinal)
            .Select(alias => new ListedModel(alias.Key, cards[alias.Value].CreatedAt));
        return [.. models, .. named];
    }
}
