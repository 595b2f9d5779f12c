using System.Globalization;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.Fleet;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.ModelVersions;

/// <summary>
/// The operator's orders about the versions of a model. Pages and the command line order here. An order that leaves the plan as it is
/// changes nothing and writes nothing down.
/// </summary>
internal sealed class PlanDesk(PlanBook plans, FleetView fleet)
{
    private const int Whole = 100;

    /// <summary>Divides the requests of a model among versions. A version with weight 0 stays in memory; one that is not named gets no
    /// requests. Returns all faults; empty on success.</summary>
    /// <param name="actorId">The user; null for the command line.</param>
    public async Task<IReadOnlyList<PlanFault>> SetWeightsAsync(
        string model, IReadOnlyDictionary<string, int> weights, Guid? actorId, CancellationToken cancellationToken)
    {
        var installed = await ReadInstalledAsync(cancellationToken);
        if (installed.FindFault(model) is { } unknown)
        {
            return [new PlanFault("model", unknown)];
        }

        List<PlanFault> faults =
            [.. weights.Keys.Select(version => installed.FindFault(model, version)).OfType<string>().Select(Weights)];
        if (weights.Values.Any(weight => weight is < 0 or > SetWeights.Most))
        {
            faults.Add(Weights("A weight is 0 to 1,000,000."));
        }
        else if (!weights.Values.Any(weight => weight > 0))
        {
            faults.Add(Weights("One version needs a weight above 0. To take a model out of memory, unload it."));
        }

        if (faults.Count > 0)
        {
            return faults;
        }

        var text = string.Join(", ", weights.OrderBy(one => one.Key, VersionOrder.Instance)
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key}={one.Value}")));
        return await ChangeAsync(model, "plan.weights", $"{model}: {text}", actorId, plan => plan with
        {
            Versions = Sorted(plan.Versions.Where(one => !weights.ContainsKey(one.Version))
                .Select(one => one with { Weight = 0, Kept = false })
                .Concat(weights.Select(one => new PlannedVersion(
                    one.Key, one.Value, one.Value > 0 ? 0 : ShadowOf(plan, one.Key), Kept: one.Value == 0)))),
        }, cancellationToken);
    }

    /// <summary>Copies a share of the model's requests to a version. Returns all faults; empty on success.</summary>
    /// <param name="percent">0 to 100; 0 ends it.</param>
    /// <param name="actorId">The user; null for the command line.</param>
    public async Task<IReadOnlyList<PlanFault>> SetShadowAsync(
        string model, string version, int percent, Guid? actorId, CancellationToken cancellationToken)
    {
        var installed = await ReadInstalledAsync(cancellationToken);
        if (installed.FindFault(model) is { } unknown)
        {
            return [new PlanFault("model", unknown)];
        }

        List<PlanFault> faults = [];
        if (percent > 0 && installed.FindFault(model, version) is { } missing)
        {
            faults.Add(new PlanFault("version", missing));
        }

        if (percent is < 0 or > Whole)
        {
            faults.Add(new PlanFault("percent", "0 to 100."));
        }

        if (faults.Count > 0)
        {
            return faults;
        }

        var newest = installed.VersionsOf(model)[0].Version;
        return await ChangeAsync(
            model, "plan.shadow", $"{model}: {percent} % to {version}", actorId, plan => Shadowed(plan, newest, version, percent),
            cancellationToken,
            plan => percent > 0 && WeightOf(plan, newest, version) > 0
                ? new PlanFault("version", $"Version {version} of {model} answers requests. Only a version with weight 0 gets copies.")
                : null);
    }

    /// <summary>Takes a model out of memory at all workers, or lets it in again. Returns all faults; empty on success.</summary>
    /// <param name="actorId">The user; null for the command line.</param>
    public async Task<IReadOnlyList<PlanFault>> SetUnloadedAsync(
        string model, bool unloaded, Guid? actorId, CancellationToken cancellationToken)
    {
        return (await ReadInstalledAsync(cancellationToken)).FindFault(model) is { } unknown
            ? [new PlanFault("model", unknown)]
            : await ChangeAsync(
                model, unloaded ? "plan.unload" : "plan.load", model, actorId, plan => plan with { Unloaded = unloaded },
                cancellationToken);
    }

    /// <summary>Deletes the plan of a model, so that its newest version serves alone. Returns all faults; empty on success.</summary>
    /// <param name="actorId">The user; null for the command line.</param>
    public Task<IReadOnlyList<PlanFault>> ClearAsync(string model, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(model, "plan.clear", model, actorId, _ => new ModelPlan(model, Unloaded: false, []), cancellationToken);

    private static PlanFault Weights(string text) => new("weights", text);

    private static int ShadowOf(ModelPlan plan, string version) =>
        plan.Versions.FirstOrDefault(one => one.Version == version)?.ShadowPercent ?? 0;

    /// <summary>Weight of a version; that of the newest one is above 0 in a plan without versions.</summary>
    private static int WeightOf(ModelPlan plan, string newest, string version) => plan.Versions.Count == 0
        ? (version == newest ? Whole : 0)
        : plan.Versions.FirstOrDefault(one => one.Version == version)?.Weight ?? 0;

    private static ModelPlan Shadowed(ModelPlan plan, string newest, string version, int percent)
    {
        if (plan.Versions.Count == 0 && percent == 0)
        {
            return plan;
        }

        var versions = plan.Versions.Count > 0 ? plan.Versions : [new PlannedVersion(newest, Whole)];
        var before = versions.FirstOrDefault(one => one.Version == version) ?? new PlannedVersion(version, 0);
        return plan with
        {
            Versions = Sorted(versions.Where(one => one.Version != version).Append(before with { ShadowPercent = percent })),
        };
    }

    private static IReadOnlyList<PlannedVersion> Sorted(IEnumerable<PlannedVersion> versions) =>
        [.. versions.Where(one => one.IsLoaded).OrderBy(one => one.Version, VersionOrder.Instance)];

    private async Task<InstalledModels> ReadInstalledAsync(CancellationToken cancellationToken) =>
        new((await fleet.ReadAsync(cancellationToken)).Workers);

    private async Task<IReadOnlyList<PlanFault>> ChangeAsync(
        string model, string action, string subject, Guid? actorId, Func<ModelPlan, ModelPlan> change, CancellationToken cancellationToken,
        Func<ModelPlan, PlanFault?>? findFault = null)
    {
        await using var order = await plans.BeginAsync(model, cancellationToken);
        var changed = change(order.Plan);
        if (findFault?.Invoke(order.Plan) is { } fault)
        {
            return [fault];
        }

        if (changed.Unloaded == order.Plan.Unloaded && changed.Versions.SequenceEqual(order.Plan.Versions))
        {
            return []; // Also while a canary runs: an order that changes nothing disturbs nothing.
        }

        if (order.CanaryId is not null)
        {
            return [new PlanFault("model", $"A canary of {model} runs. Promote it or roll it back first.")];
        }

        order.Set(changed);
        order.WriteDown(action, subject, actorId);
        await plans.CommitAsync(order, cancellationToken);
        return [];
    }
}
