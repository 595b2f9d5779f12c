using Tollgate.Contracts.Keys;
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

    /// <summary>The limits of the caller's project; none when the policy names no such project.</summary>
    public Limits ProjectLimits => Policy.Projects.GetValueOrDefault(ProjectId.ToString("N"), Limits.None);

    /// <summary>Whether the project lets responses of <c>/v1/responses</c> be kept.</summary>
    public bool KeepsResponses => Policy.KeepNoResponses?.Contains(ProjectId.ToString("N")) != true;

    /// <summary>What the client showed, to be proved again when its admission finds that the record is old.</summary>
    public PresentedKey? Presented { get; init; }

    /// <summary>Whether the key may call the endpoint of a scope name.</summary>
    public bool MayUse(string endpoint) => Key.Scopes is null || Key.Scopes.Contains(endpoint);

    /// <summary>Whether the key may call a model.</summary>
    /// <param name="asked">The name that the client wrote, maybe an alias.</param>
    /// <param name="name">The model's real name.</param>
    public bool MayCall(string asked, string name)
    {
        if (Key.ModelsDenied is { } denied && (denied.Contains(asked) || denied.Contains(name)))
        {
            return false;
        }

        return Key.ModelsAllowed is not { } allowed || allowed.Contains(asked) || allowed.Contains(name);
    }
}
