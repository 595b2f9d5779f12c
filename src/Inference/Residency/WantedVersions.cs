using Tollgate.Contracts.Catalogue;

namespace Tollgate.Inference.Residency;

/// <summary>Which versions of a model a worker has in memory.</summary>
internal static class WantedVersions
{
    /// <summary>Those of the plan that are installed, or else the version that stands in for them; without a plan, or with one that names
    /// none, the newest that can be loaded.</summary>
    /// <param name="installed">Newest first.</param>
    /// <param name="plan">Null for none.</param>
    /// <param name="isBroken">Whether a version could not be loaded.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> installed, ModelPlan? plan, Predicate<string> isBroken) => plan switch
    {
        { Unloaded: true } => [],
        { Versions.Count: > 0 } when plan.Versions.Any(planned => installed.Contains(planned.Version)) =>
        [
            .. plan.Versions.Where(planned => planned.IsLoaded).Select(planned => planned.Version)
                .Where(installed.Contains).Distinct(StringComparer.Ordinal),
        ],
        { Versions.Count: > 0 } => [.. installed.Where(version => version == plan.StandIn)],
        _ => [.. installed.Where(version => !isBroken(version)).Take(1)],
    };
}
