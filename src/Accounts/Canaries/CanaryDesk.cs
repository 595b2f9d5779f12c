using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Fleet;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Canaries;

/// <summary>
/// Starts and ends canaries by the operator's orders, and advances those that run. Each step is one change of the model's plan, so that
/// several instances, and an order beside them, take it once.
/// </summary>
internal sealed class CanaryDesk(AccountsDb db, PlanBook plans, MeasureBook measures, TimeProvider clock)
{
    private const int MostListed = 50;

    /// <summary>The newest canaries of a model, newest first.</summary>
    public async Task<IReadOnlyList<CanaryReport>> ListAsync(string model, CancellationToken cancellationToken)
    {
        var canaries = await db.Canaries.AsNoTracking().Where(canary => canary.Model == model)
            .OrderByDescending(canary => canary.StartedAt).Take(MostListed).ToListAsync(cancellationToken);
        var measured = await measures.ReadAsync(model, cancellationToken);
        return [.. canaries.Select(canary => ReportOf(canary, measured))];
    }

    /// <summary>The canaries that run, by model.</summary>
    /// <param name="measured">Of all models.</param>
    public async Task<IReadOnlyDictionary<string, CanaryReport>> ListRunningAsync(
        IReadOnlyList<MeasuredVersion> measured, CancellationToken cancellationToken) =>
        (await RunningAsync(cancellationToken)).ToDictionary(canary => canary.Model, canary => ReportOf(canary, measured));

    public Task<List<Canary>> RunningAsync(CancellationToken cancellationToken) =>
        db.Canaries.AsNoTracking().Where(canary => canary.State == CanaryState.Running).OrderBy(canary => canary.Model)
            .ToListAsync(cancellationToken);

    /// <summary>Starts a canary. Returns all faults of the order; empty when it runs.</summary>
    /// <param name="actorId">The user; null for the command line.</param>
    public async Task<IReadOnlyList<PlanFault>> StartAsync(
        string model, StartCanary order, InstalledModels installed, Guid? actorId, CancellationToken cancellationToken)
    {
        var (terms, faults) = CanaryOrder.Read(order);
        if (installed.FindFault(model) is { } unknown)
        {
            return [new PlanFault("model", unknown), .. faults];
        }

        if (FindFault(model, order.Version, installed) is { } fault)
        {
            return [new PlanFault("version", fault), .. faults];
        }

        if (faults.Count > 0)
        {
            return faults;
        }

        await using var change = await plans.BeginAsync(model, cancellationToken);
        if (FindFault(change, model, order.Version, installed, out var oldVersion) is { } refused)
        {
            return [refused];
        }

        var canary = new Canary
        {
            Id = Guid.CreateVersion7(change.At), Model = model, Version = order.Version, OldVersion = oldVersion, Terms = terms,
            StartedAt = change.At,
        };
        db.Canaries.Add(canary);
        canary.Give(terms.Steps[0], $"Started, against version {oldVersion}.", compared: null, change.At);
        change.Set(Planned(change.Plan, canary), canary.Id);
        change.WriteDown("canary.start", $"{model}: version {order.Version} at {terms.Steps[0]} %, against {oldVersion}", actorId);
        await plans.CommitAsync(change, cancellationToken);
        return [];
    }

    /// <summary>Gives the new version all requests now, and begins the last window. Returns null on success, and when that window runs
    /// already.</summary>
    /// <param name="actorId">The user; null for the command line.</param>
    public Task<PlanFault?> PromoteAsync(string model, Guid? actorId, CancellationToken cancellationToken) =>
        OrderAsync(
            model,
            (change, canary, compared) =>
            {
                if (canary.Share < 100)
                {
                    canary.Give(100, "Promoted by the operator.", compared, change.At);
                    change.Set(Planned(change.Plan, canary), canary.Id);
                    change.WriteDown("canary.promote", $"{model}: version {canary.Version}", actorId);
                }
            },
            cancellationToken);

    /// <summary>Gives the old version all requests now. Returns null on success.</summary>
    /// <param name="actorId">The user; null for the command line.</param>
    public Task<PlanFault?> RollBackAsync(string model, Guid? actorId, CancellationToken cancellationToken) =>
        OrderAsync(
            model, (change, canary, compared) => RollBack(change, canary, "Rolled back by the operator.", compared, actorId),
            cancellationToken);

    /// <summary>
    /// Judges a running canary and takes the step that is due. Returns whether it took one; not while another instance or an order changes
    /// the plan.
    /// </summary>
    public async Task<bool> AdvanceAsync(Canary known, InstalledModels installed, CancellationToken cancellationToken)
    {
        await using var change = await plans.TryBeginAsync(known.Model, cancellationToken);
        if (change is null || await FindAsync(change, cancellationToken) is not { } canary)
        {
            return false;
        }

        var (now, old) = TalliesOf(canary, await measures.ReadAsync(canary.Model, cancellationToken));
        var compared = new ComparedFigures(now.ToFigures(), old.ToFigures());
        if ((FindBroken(canary, installed) ?? FindMissing(canary, installed)) is { } unfit)
        {
            RollBack(change, canary, unfit, compared, actorId: null);
        }
        else if (JudgementOf(canary, now, old) is var judgement && judgement.Verdict == CanaryVerdict.Worse)
        {
            RollBack(change, canary, judgement.Text, compared, actorId: null);
        }
        else if (judgement.Verdict == CanaryVerdict.Good)
        {
            StepOn(change, canary, judgement.Text, compared);
        }
        else
        {
            return false;
        }

        await plans.CommitAsync(change, cancellationToken);
        return true;
    }

    private static void StepOn(PlanChange change, Canary canary, string text, ComparedFigures compared)
    {
        if (canary.Share == 100)
        {
            canary.Finish(text, compared, change.At);
            change.Set(Planned(change.Plan, canary));
            change.WriteDown("canary.done", $"{canary.Model}: version {canary.Version}; {text}", actorId: null);
            return;
        }

        canary.Give(canary.Terms.Steps.First(step => step > canary.Share), text, compared, change.At);
        change.Set(Planned(change.Plan, canary), canary.Id);
        change.WriteDown("canary.step", $"{canary.Model}: version {canary.Version} at {canary.Share} %; {text}", actorId: null);
    }

    private static void RollBack(PlanChange change, Canary canary, string reason, ComparedFigures compared, Guid? actorId)
    {
        canary.RollBack(reason, compared, change.At);
        change.Set(Planned(change.Plan, canary));
        change.WriteDown("canary.rollback", $"{canary.Model}: version {canary.Version}; {reason}", actorId);
    }

    /// <summary>The plan with the shares of a canary as it stands. Other versions of the plan stay as they are.</summary>
    private static ModelPlan Planned(ModelPlan plan, Canary canary)
    {
        var mine = new PlannedVersion(canary.Version, canary.Share);
        var theirs = new PlannedVersion(
            canary.OldVersion, 100 - canary.Share, Kept: canary is { State: CanaryState.Running, Share: 100 });
        return plan with
        {
            Versions =
            [
                .. plan.Versions.Where(one => one.Version != canary.Version && one.Version != canary.OldVersion)
                    .Concat([mine, theirs]).Where(one => one.IsLoaded)
                    .OrderBy(one => one.Version, VersionOrder.Instance),
            ],
        };
    }

    private static (Tally Now, Tally Old) TalliesOf(Canary canary, IReadOnlyList<MeasuredVersion> measured)
    {
        var own = measured.Where(one => one.Model == canary.Model).ToList();
        return (Tally.Of(own, canary.Version, shadow: false), Tally.Of(own, canary.OldVersion, shadow: false));
    }

    private static string? FindBroken(Canary canary, InstalledModels installed)
    {
        var broken = installed.VersionsOf(canary.Model).Where(one => one.Version == canary.Version)
            .SelectMany(one => one.Places).FirstOrDefault(place => place.State == ModelState.Broken);
        return broken is null ? null : $"Worker {broken.Worker} cannot serve version {canary.Version}: {broken.Error}";
    }

    private static string? FindFault(string model, string version, InstalledModels installed)
    {
        var broken = installed.VersionsOf(model).Where(one => one.Version == version).SelectMany(one => one.Places)
            .FirstOrDefault(place => place.State == ModelState.Broken);
        return broken is null
            ? installed.FindFault(model, version)
            : $"Worker {broken.Worker} cannot serve version {version}: {broken.Error}";
    }

    /// <summary>Finds why a canary cannot start on the plan as it is, and otherwise the version that it is compared with.</summary>
    private static PlanFault? FindFault(
        PlanChange change, string model, string version, InstalledModels installed, out string oldVersion)
    {
        oldVersion = "";
        if (change.CanaryId is not null)
        {
            return new PlanFault("model", $"A canary of {model} runs. Promote it or roll it back first.");
        }

        if (change.Plan.Unloaded)
        {
            return new PlanFault("model", $"{model} is unloaded. Load it first.");
        }

        var serving = change.Plan.Versions.Where(one => one.Weight > 0).Select(one => one.Version).ToList();
        if (serving.Count > 1)
        {
            return new PlanFault(
                "model", $"Versions {string.Join(", ", serving)} of {model} answer requests. Give one of them all the weight first.");
        }

        oldVersion = serving.Count == 1 ? serving[0] : installed.VersionsOf(model)[0].Version;
        return oldVersion == version
            ? new PlanFault(
                "version", $"Version {version} of {model} answers all requests already. Give an older version all the weight first.")
            : null;
    }

    private CanaryJudgement JudgementOf(Canary canary, Tally now, Tally old)
    {
        var judge = new CanaryJudge(canary.Terms, canary.Version, canary.OldVersion);
        var isOver = IsOver(canary);
        if (canary.Share < 100)
        {
            return judge.Judge(now, old, isOver);
        }

        var before = canary.Events.LastOrDefault(one => one.Old is not null)?.Old;
        return judge.JudgeAlone(now, before is null ? Tally.None : new Tally(before.Requests, before.Failures, []), isOver);
    }

    private bool IsOver(Canary canary) => clock.GetUtcNow() - canary.WindowBeganAt >= canary.Terms.Window;

    /// <summary>Finds a version that has left the workers. A window is the time in which a restarted worker may come back; a step onto a
    /// version that none has would leave the model unserved.</summary>
    private string? FindMissing(Canary canary, InstalledModels installed) =>
        IsOver(canary) && installed.VersionsOf(canary.Model) is { Count: > 0 } versions
        && versions.All(one => one.Version != canary.Version)
            ? $"No worker has version {canary.Version} any more." : null;

    private CanaryReport ReportOf(Canary canary, IReadOnlyList<MeasuredVersion> measured)
    {
        var report = new CanaryReport(
            canary.Id, canary.Model, canary.Version, canary.OldVersion, canary.Terms, canary.State, canary.Share, canary.StartedAt,
            canary.WindowBeganAt, canary.EndedAt, canary.Reason, canary.Events);
        if (canary.State != CanaryState.Running)
        {
            return report;
        }

        var (now, old) = TalliesOf(canary, measured);
        return report with { New = now.ToFigures(), Old = old.ToFigures(), Standing = JudgementOf(canary, now, old).Text };
    }

    /// <summary>The canary that holds the plan of a change; null for none.</summary>
    private async Task<Canary?> FindAsync(PlanChange change, CancellationToken cancellationToken) => change.CanaryId is { } id
        ? await db.Canaries.SingleAsync(canary => canary.Id == id, cancellationToken)
        : null;

    private async Task<PlanFault?> OrderAsync(
        string model, Action<PlanChange, Canary, ComparedFigures> act, CancellationToken cancellationToken)
    {
        await using var change = await plans.BeginAsync(model, cancellationToken);
        if (await FindAsync(change, cancellationToken) is not { } canary)
        {
            return new PlanFault("model", $"No canary of {model} runs.");
        }

        var (now, old) = TalliesOf(canary, await measures.ReadAsync(model, cancellationToken));
        act(change, canary, new ComparedFigures(now.ToFigures(), old.ToFigures()));
        await plans.CommitAsync(change, cancellationToken);
        return null;
    }
}
