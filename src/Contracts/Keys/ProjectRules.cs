namespace Tollgate.Contracts.Keys;

/// <summary>Rules of one project for gateways, besides its limits.</summary>
public sealed record ProjectRules
{
    /// <summary>As people named it; errors repeat it.</summary>
    public required string Name { get; init; }

    /// <summary>An archived project's keys are refused with 401, for good.</summary>
    public bool Archived { get; init; }

    /// <summary>Models that the project's keys may call, by alias or name; null for all.</summary>
    public IReadOnlyList<string>? ModelsAllowed { get; init; }

    /// <summary>Models that they may not call; overrides <see cref="ModelsAllowed"/>.</summary>
    public IReadOnlyList<string>? ModelsDenied { get; init; }
}
