using Tollgate.Accounts.Money;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Fleet;

/// <summary>Lists all workers for the operator, merging the register's entries with a gateway's view of them.</summary>
internal sealed class FleetView(WorkerRegister register, GatewayClient gateway, TimeProvider clock)
{
    /// <returns>The gateway's answer, for its age, and a line for each worker known to either.</returns>
    public async Task<(Figure<Contracts.Catalogue.Fleet> Gateway, IReadOnlyList<WorkerLine> Workers)> ReadAsync(
        CancellationToken cancellationToken)
    {
        var seen = await gateway.GetFleetAsync(cancellationToken);
        var entries = await register.ListAsync(cancellationToken);
        return (seen, Merge(entries, seen, clock.GetUtcNow()));
    }

    /// <summary>
    /// Task of each model that workers serve, by the model's real name and in the order of names; of silent workers too, which may come
    /// back.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, string>> ListTasksAsync(CancellationToken cancellationToken)
    {
        var (_, workers) = await ReadAsync(cancellationToken);
        return workers.SelectMany(worker => worker.Status?.Models ?? []).DistinctBy(model => model.Card.Name)
            .OrderBy(model => model.Card.Name, StringComparer.Ordinal)
            .ToDictionary(model => model.Card.Name, model => model.Card.Task, StringComparer.Ordinal);
    }

    /// <summary>Real names of the models of <see cref="ListTasksAsync"/>.</summary>
    public async Task<IReadOnlyList<string>> ListModelsAsync(CancellationToken cancellationToken) =>
        [.. (await ListTasksAsync(cancellationToken)).Keys];

    /// <summary>Task of a model according to its name or its worker; null when the name says nothing and no worker serves the
    /// model.</summary>
    public async Task<string?> FindTaskAsync(string model, CancellationToken cancellationToken) =>
        FindTask(model, await ListTasksAsync(cancellationToken));

    /// <summary>The same among the tasks of <see cref="ListTasksAsync"/>. Prices of training are set before a trainer shows its
    /// model.</summary>
    public static string? FindTask(string model, IReadOnlyDictionary<string, string> tasks) =>
        TrainedModels.IsTrainer(model) ? ModelTask.Training.Name
        : TrainedModels.IsPrice(model) ? ModelTask.Classification.Name
        : tasks.GetValueOrDefault(model);

    internal static IReadOnlyList<WorkerLine> Merge(
        IReadOnlyList<WorkerEntry> entries, Figure<Contracts.Catalogue.Fleet> seen, DateTimeOffset now)
    {
        var fleet = (seen.Value?.Workers ?? []).ToDictionary(worker => worker.Url.TrimEnd('/'), StringComparer.Ordinal);
        var registered = entries.Select(entry => Line(entry, seen.IsFresh ? fleet.GetValueOrDefault(entry.Url) : null, now)).ToList();
        var known = entries.Where(entry => entry.LeftAt is null).Select(entry => entry.Url).ToHashSet(StringComparer.Ordinal);
        var listed = fleet.Where(worker => !known.Contains(worker.Key)).Select(worker => Line(worker.Value));
        return [.. registered.Concat(listed).OrderBy(line => line.Id, StringComparer.Ordinal)];
    }

    private static WorkerLine Line(WorkerEntry entry, FleetWorker? seen, DateTimeOffset now)
    {
        var status = seen?.Status is { } current && current.WorkerId == entry.Id ? current : entry.Status;
        var isSilent = now - entry.LastHeard > WorkerRegister.SilentAfter && seen is not { Healthy: true };
        var state = entry.LeftAt is not null ? WorkerState.Stopped
            : isSilent ? WorkerState.Silent
            : entry.Drained || status.Draining ? WorkerState.Draining
            : seen is { Healthy: false } ? WorkerState.Unreachable
            : WorkerState.Ready;
        var since = state switch
        {
            WorkerState.Stopped => entry.LeftAt,
            WorkerState.Silent => entry.LastHeard,
            _ => null,
        };
        return new WorkerLine(entry.Id, entry.Url, state, since, Registered: true, status);
    }

    private static WorkerLine Line(FleetWorker listed) => new(
        listed.Status?.WorkerId ?? listed.Url.TrimEnd('/'),
        listed.Url.TrimEnd('/'),
        !listed.Healthy ? WorkerState.Unreachable : listed.Status?.Draining == true ? WorkerState.Draining : WorkerState.Ready,
        Since: null,
        Registered: false,
        listed.Status);
}
