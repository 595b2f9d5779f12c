namespace Tollgate.Contracts.Keys;

/// <summary>
/// What a key may do by its own record and by the policy of its organization. Gateways decide by it and pages explain by it, so that both
/// say the same.
/// </summary>
public readonly record struct KeyRules(KeyRecord Key, OrganizationPolicy Policy)
{
    private string ProjectId => Key.ProjectId.ToString("N");

    /// <summary>The rules of the key's project; null when it has none.</summary>
    public ProjectRules? Project => Policy.ProjectRules?.GetValueOrDefault(ProjectId);

    /// <summary>Whether the project lets responses of <c>/v1/responses</c> be kept.</summary>
    public bool KeepsResponses => Policy.KeepNoResponses?.Contains(ProjectId) != true;

    /// <summary>Why every request of the key is refused, wherever it comes from; null when it is let in.</summary>
    public KeyRefusal? Refuse(DateTimeOffset now) =>
        Key.State == KeyState.Revoked ? KeyRefusal.Revoked
        : Key.State == KeyState.Disabled ? KeyRefusal.Disabled
        : Key.ExpiresAt <= now ? KeyRefusal.Expired
        : Project?.Archived == true ? KeyRefusal.ProjectArchived
        : Policy.Suspended ? KeyRefusal.OrganizationSuspended
        : null;

    /// <summary>Whether the key may call the endpoint of a scope name.</summary>
    public bool MayUse(string scope) => Key.Scopes is null || Key.Scopes.Contains(scope);

    /// <summary>Whose list of models refuses a model: the key's or its project's. Null when neither does.</summary>
    /// <param name="asked">The name that the client wrote, maybe an alias.</param>
    /// <param name="name">The model's real name.</param>
    public RuleLevel? RefuseModel(string asked, string name) =>
        !Permits(Key.ModelsAllowed, Key.ModelsDenied, asked, name) ? RuleLevel.Key
        : Project?.Permits(asked, name) == false ? RuleLevel.Project
        : null;

    /// <summary>The limits that a request of the key meets, from the narrowest subject to the widest. All of them hold.</summary>
    /// <param name="model">The model's real name; null leaves the organization's limits on one model out.</param>
    public IReadOnlyList<SubjectLimits> LimitsOn(string? model)
    {
        List<SubjectLimits> all =
        [
            new(LimitLevel.Key, $"k:{Key.KeyId:N}", Key.Limits),
            new(LimitLevel.Project, $"p:{Key.ProjectId:N}", Policy.Projects.GetValueOrDefault(ProjectId, Limits.None)),
            new(LimitLevel.Organization, "o", Policy.Limits),
        ];
        if (model is not null && Policy.Models.TryGetValue(model, out var limits))
        {
            all.Add(new SubjectLimits(LimitLevel.Model, "m:" + model, limits));
        }

        return all;
    }

    /// <summary>The one rule for lists of models: denial wins, and a list knows both names.</summary>
    internal static bool Permits(IReadOnlyList<string>? allowed, IReadOnlyList<string>? denied, string asked, string name) =>
        (denied is null || (!denied.Contains(asked) && !denied.Contains(name)))
        && (allowed is null || allowed.Contains(asked) || allowed.Contains(name));
}

/// <summary>Why a key is refused before its request is looked at.</summary>
public enum KeyRefusal
{
    Revoked,
    Disabled,
    Expired,
    ProjectArchived,
    OrganizationSuspended,
}

/// <summary>Whose rule it is.</summary>
public enum RuleLevel
{
    Key = 0,
    Project = 1,

    /// <summary>Limits and suspension, which the operator sets.</summary>
    Organization = 2,

    /// <summary>What holds for all organizations, such as a hidden model; also where nobody has set a rule.</summary>
    Installation = 3,
}

/// <summary>The limits of one subject.</summary>
/// <param name="Subject">Its name in the fields of the organization's hash, such as <c>k:</c> and the key's id.</param>
public sealed record SubjectLimits(LimitLevel Level, string Subject, Limits Limits);
