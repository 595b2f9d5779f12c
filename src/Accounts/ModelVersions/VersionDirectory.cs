using Tollgate.Accounts.Canaries;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.Fleet;
using Tollgate.Accounts.Money;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.ModelVersions;

/// <summary>Lists the operator's models with their versions, for pages and the command line.</summary>
internal sealed class VersionDirectory(
    PlanBook plans, MeasureBook measures, CanaryDesk canaries, FleetView fleet, StandIns standIns)
{
    /// <summary>Reads all models that workers have or that have a plan, in order of their names.</summary>
    /// <returns>The gateway's answer, for its age, and the models.</returns>
    public async Task<(Figure<Contracts.Catalogue.Fleet> Gateway, IReadOnlyList<VersionedModel> Models)> ReadAsync(
        CancellationToken cancellationToken)
    {
        var (gateway, workers) = await fleet.ReadAsync(cancellationToken);
        var installed = new InstalledModels(workers);
        var planned = (await plans.ListAsync(cancellationToken)).ToDictionary(
            plan => plan.Model, plan => plan.ToPlan() with { StandIn = standIns.Of(plan.Model) });
        var measured = await measures.ReadAsync(model: null, cancellationToken);
        var running = await canaries.ListRunningAsync(measured, cancellationToken);
        var models = installed.Names.Union(planned.Keys).Order(StringComparer.Ordinal).Select(model => LineOf(
            model, installed.VersionsOf(model), planned.GetValueOrDefault(model), [.. measured.Where(one => one.Model == model)],
            running.GetValueOrDefault(model)));
        return (gateway, [.. models]);
    }

    private static VersionedModel LineOf(
        string model, IReadOnlyList<InstalledVersion> installed, ModelPlan? plan, IReadOnlyList<MeasuredVersion> measured,
        CanaryReport? canary)
    {
        var planned = plan is { Versions.Count: > 0 } ? plan.Versions
            : installed.Count > 0 ? [new PlannedVersion(installed[0].Version, 1)] : [];
        var there = planned.Where(one => installed.Any(version => version.Version == one.Version)).ToList();
        IReadOnlyList<PlannedVersion> answering = plan is { Unloaded: true } ? []
            : there.Any(one => one.Weight > 0) ? there
            : there.Count > 0 ? [there[0] with { Weight = 1 }]
            : plan?.StandIn is { } standIn ? [new PlannedVersion(standIn, 1)] : [];
        var whole = answering.Sum(one => (double)one.Weight);
        var versions = installed.Select(one => one.Version).Union(planned.Select(one => one.Version))
            .OrderByDescending(version => version, VersionOrder.Instance)
            .Select(version => VersionOf(
                installed.FirstOrDefault(one => one.Version == version),
                planned.FirstOrDefault(one => one.Version == version) ?? new PlannedVersion(version, 0),
                whole > 0 ? (answering.FirstOrDefault(one => one.Version == version)?.Weight ?? 0) / whole : 0));
        return new VersionedModel(
            model, installed.Count > 0 ? installed[0].Card.Task : "",
            [.. versions.Select(line => plan is { IsMeasured: true } ? Measured(line, measured) : line)])
        {
            Plan = plan,
            Canary = canary,
        };
    }

    private static VersionLine VersionOf(InstalledVersion? installed, PlannedVersion planned, double share) => new(
        planned.Version, share, planned.ShadowPercent, planned.Kept, installed?.Places ?? [])
    {
        Precision = installed?.Card.Precision,
        Parity = installed?.Card.Parity,
    };

    private static VersionLine Measured(VersionLine line, IReadOnlyList<MeasuredVersion> measured)
    {
        var shadows = Tally.Of(measured, line.Version, shadow: true);
        return line with
        {
            Answers = Tally.Of(measured, line.Version, shadow: false).ToFigures(),
            Shadows = shadows.Requests > 0 ? shadows.ToFigures() : null,
        };
    }
}
