using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;

namespace Tollgate.Gateway.Authentication;

/// <summary>Who calls: a key whose secret was proved, or that a service named, with the records that its admission will check
/// against Redis. Immutable.</summary>
/// <param name="OverlapEndsAt">When the secret that the call used ends, because a rotation replaced it; null for the current one, and for a
/// named key.</param>
internal sealed record Caller(KeyRecord Key, OrganizationPolicy Policy, DateTimeOffset? OverlapEndsAt)
{
    public Guid OrganizationId => Key.OrganizationId;

    public Guid ProjectId => Key.ProjectId;

    public Guid KeyId => Key.KeyId;

    /// <summary>What its trained models belong to.</summary>
    public ModelOwner Project { get; } = new(Key.OrganizationId, Key.ProjectId);

    /// <summary>What both records allow.</summary>
    public KeyRules Rules => new(Key, Policy);

    /// <inheritdoc cref="KeyRules.KeepsResponses"/>
    public bool KeepsResponses => Rules.KeepsResponses;

    /// <summary>Whether the key or its project names the models that it may call.</summary>
    public bool IsConfined => Key is not { ModelsAllowed: null, ModelsDenied: null }
        || Rules.Project is { } project and not { ModelsAllowed: null, ModelsDenied: null };

    /// <summary>What the client showed, to be proved again when its admission finds that the record is old.</summary>
    public PresentedKey? Presented { get; init; }

    /// <inheritdoc cref="KeyRules.MayUse"/>
    public bool MayUse(string endpoint) => Rules.MayUse(endpoint);

    /// <summary>Whether the key may call a model.</summary>
    /// <param name="asked">The name that the client wrote, maybe an alias.</param>
    /// <param name="name">The model's real name.</param>
    public bool MayCall(string asked, string name) => Rules.RefuseModel(asked, name) is null;

    /// <summary>The error for a model that <see cref="MayCall"/> refuses; null for one that it does not.</summary>
    /// <inheritdoc cref="MayCall"/>
    public OpenAiError? RefuseModel(string asked, string name) => Rules.RefuseModel(asked, name) switch
    {
        null => null,
        RuleLevel.Project => OpenAiError.ModelNotInProject(Rules.Project!.Name, asked),
        _ => OpenAiError.ModelNotAllowed(asked),
    };
}
