using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Workers;

namespace Tollgate.Gateway.Catalogue;

/// <summary>What became of a name that a client wrote.</summary>
/// <param name="Model">The real name.</param>
/// <param name="Card">Of the version that answers. Null when the model is known but no worker has shown it since this gateway
/// started.</param>
internal sealed record ResolvedModel(string Model, ModelCard? Card)
{
    /// <summary>The operator took it out of memory.</summary>
    public bool IsUnloaded { get; init; }

    /// <summary>The version that the request names, where workers have the model and none of them has that version; else null.</summary>
    public string? LacksVersion { get; init; }

    /// <summary>Card of the version that gets a copy of the request; null for none.</summary>
    public ModelCard? Shadow { get; init; }
}

/// <summary>One line of <c>GET /v1/models</c>: a model by its real name or by an alias.</summary>
internal sealed record ListedModel(string Id, DateTimeOffset CreatedAt);

/// <summary>Which models a caller can see and call: deployments from Learning, aliases from Accounts, cards from the workers, and the key's
/// own lists over all of them. A trained model exists for keys of its project alone.</summary>
internal sealed class ModelDirectory(
    AliasCatalogue aliases, DeploymentCatalogue deployments, PriceCatalogue prices, WorkerPool workers, VersionChoice versions)
{
    /// <summary>The model behind <paramref name="name"/>, in the version that answers the request, or null when it does not exist for
    /// this caller: hidden, not allowed to the key, another project's, or unknown. A name of the caller's project goes before an alias
    /// and a real name.</summary>
    /// <param name="requestId">Decides between versions.</param>
    /// <param name="version">That the request names; null for whichever serves.</param>
    public ResolvedModel? Resolve(string name, Caller caller, Guid requestId, string? version = null) =>
        Find(name, caller, requestId, version) is { } found && caller.MayCall(name, found.Model) ? found : null;

    /// <summary>The error for a name that <see cref="Resolve"/> does not resolve for this caller. It names the project whose rules refuse
    /// the model; a model that does not exist for the caller is not found, whatever the rules say.</summary>
    /// <param name="quoted">The name as a message may repeat it.</param>
    public OpenAiError Refuse(string name, Caller caller, string quoted) =>
        Find(name, caller, Guid.Empty, null) is { } found && caller.RefuseModel(name, found.Model) is { Status: 403 } refusal
            ? refusal : OpenAiError.ModelNotFound(quoted);

    /// <summary>The model behind a name, whatever the key and its project may call; null when it does not exist for the caller.</summary>
    private ResolvedModel? Find(string name, Caller caller, Guid requestId, string? version)
    {
        var model = deployments.Resolve(caller.Project, name) ?? aliases.Resolve(name);
        var chosen = versions.Choose(model, requestId);
        var card = version is null ? chosen : versions.FindNamed(model, version);
        if (!Exists(model, card ?? chosen, caller))
        {
            return null;
        }

        return chosen is null && !prices.Knows(model) && deployments.OwnerOf(model) is null ? null : new ResolvedModel(model, card)
        {
            IsUnloaded = versions.IsUnloaded(model),
            LacksVersion = card is null && chosen is not null ? version : null,
            Shadow = version is null && card is not null ? versions.ChooseShadow(model, card.Version, requestId) : null,
        };
    }

    /// <summary>Versions of a model that take requests, the newest first.</summary>
    public IReadOnlyList<string> InService(string model) => versions.InService(model);

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

    private bool MayCall(string asked, string model, ModelCard? card, Caller caller) =>
        Exists(model, card, caller) && caller.MayCall(asked, model);

    /// <summary>Whether a model exists for the caller. Learning and the worker must agree on whose trained model it is, so that neither an
    /// old copy here nor another model of that name at a worker opens one.</summary>
    /// <param name="card">Null while no worker has shown the model.</param>
    private bool Exists(string model, ModelCard? card, Caller caller)
    {
        var owner = deployments.OwnerOf(model);
        return !aliases.IsHidden(model) && (card is null || card.Owner == owner)
            && (owner is null || owner == caller.Project);
    }
}
