using Tollgate.Contracts.Keys;

namespace Tollgate.Gateway.Authentication;

/// <summary>Who calls: a key whose secret was proved, with the records that its admission will check against Redis. Immutable.</summary>
/// <param name="UsedOldSecret">The call used a secret that a rotation is about to end.</param>
internal sealed record Caller(KeyRecord Key, OrganizationPolicy Policy, bool UsedOldSecret)
{
    public Guid OrganizationId => Key.OrganizationId;

    public Guid ProjectId => Key.ProjectId;

    public Guid KeyId => Key.KeyId;

    /// <summary>The limits of the caller's project; none when the policy names no such project.</summary>
    public Limits ProjectLimits => Policy.Projects.GetValueOrDefault(ProjectId.ToString("N"), Limits.None);
}
