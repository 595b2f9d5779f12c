using Tollgate.Contracts.Workers;

namespace Tollgate.Contracts.Catalogue;

/// <summary>
/// A model of the operator with its versions. Accounts → operator, <c>GET /internal/models</c>: all of them in order of their names.
/// </summary>
/// <param name="Task">Name of a <see cref="Metering.ModelTask"/>.</param>
/// <param name="Versions">Those that workers state or the plan names, newest first.</param>
public sealed record VersionedModel(string Model, string Task, IReadOnlyList<VersionLine> Versions)
{
    public const string Path = "/internal/models";

    /// <summary>Null while the newest version serves alone.</summary>
    public ModelPlan? Plan { get; init; }

    /// <summary>The one that runs; null for none.</summary>
    public CanaryReport? Canary { get; init; }

    /// <summary>Says where the plan cannot be followed: versions that no worker has, and what answers instead.</summary>
    public IEnumerable<string> FindWarnings()
    {
        if (Plan is not { Unloaded: false, Versions.Count: > 0 } plan)
        {
            yield break;
        }

        var missing = plan.Versions.Select(one => one.Version)
            .Where(version => Versions.All(line => line.Version != version || line.Places.Count == 0)).ToList();
        if (missing.Count == plan.Versions.Count)
        {
            var answers = plan.StandIn is { } standIn
                ? $"Version {standIn}, the newest that there is, answers instead" : "No version answers";
            yield return $"No worker has a version of its plan ({string.Join(", ", missing)}). {answers}. Install one of them again, give "
                + "other versions the weights, or clear the plan.";
            yield break;
        }

        foreach (var version in missing)
        {
            yield return $"No worker has version {version} of its plan. The other versions of the plan answer its requests.";
        }
    }
}

/// <summary>One version of a model.</summary>
/// <param name="Share">Share of the model's requests that it answers, 0 to 1; 0 while the model is unloaded, and for a version that no
/// worker has.</param>
/// <param name="Places">Workers that have it installed; empty when the plan names it and no worker states it.</param>
public sealed record VersionLine(string Version, double Share, int ShadowPercent, bool Kept, IReadOnlyList<VersionPlace> Places)
{
    /// <summary>How a decoder's matrices are held; null for other models.</summary>
    public string? Precision { get; init; }

    /// <summary>Null for models that were not compared with a source.</summary>
    public ModelParity? Parity { get; init; }

    /// <summary>Requests that it answered since the plan changed; null while its model is not measured.</summary>
    public VersionFigures? Answers { get; init; }

    /// <summary>Copies that it was sent since the plan changed; null without any.</summary>
    public VersionFigures? Shadows { get; init; }
}

/// <summary>A version at one worker.</summary>
/// <param name="Error">Why a broken version cannot be served; null otherwise.</param>
/// <param name="MemoryBytes">0 while it is not loaded.</param>
public sealed record VersionPlace(string Worker, ModelState State, string? Error, long MemoryBytes)
{
    /// <summary>Requests that still run there while it leaves memory.</summary>
    public int Leaving { get; init; }
}

/// <summary>How a version did over some time.</summary>
/// <param name="MedianMs">Median duration of the answered requests, milliseconds; null without any.</param>
/// <param name="HighMs">The duration that 95 % of them did not exceed, milliseconds; null without any.</param>
public sealed record VersionFigures(long Requests, long Failures, double? MedianMs, double? HighMs);

/// <summary>Operator → Accounts, <c>POST /internal/models/{model}/weights</c>.</summary>
/// <param name="Weights">Version → its part of the sum, 0 to 1,000,000; 0 keeps a version in memory without requests.</param>
public sealed record SetWeights(IReadOnlyDictionary<string, int> Weights)
{
    public const int Most = 1_000_000;
}

/// <summary>Operator → Accounts, <c>POST /internal/models/{model}/shadow</c>.</summary>
/// <param name="Percent">Share of the model's requests that are copied to the version, 0 to 100; 0 ends it.</param>
public sealed record SetShadow(string Version, int Percent);
