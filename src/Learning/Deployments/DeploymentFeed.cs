using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;
using Tollgate.Learning.Callers;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Snapshots;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Deployments;

/// <summary>
/// Switches names to models that have become ready, and reads the deployments into the snapshot that gateways and workers follow: at start,
/// after a change on this instance, and every two seconds for changes on other instances. Safe on several instances at once.
/// </summary>
internal sealed class DeploymentFeed(
    NpgsqlDataSource dataSource, ReadyModels ready, SnapshotPublisher<DeploymentSnapshot> publisher, IOptions<DeploymentOptions> options,
    TimeProvider clock, ILogger<DeploymentFeed> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(2)), clock, logger)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile bool _isPending;

    protected override string Failure => "The deployments cannot be read";

    protected override TimeSpan PauseAfter(bool succeeded) => _isPending ? options.Value.LookEvery : base.PauseAfter(succeeded);

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken); // Requests take this step too; an older reading must not be published last.
        try
        {
            var pending = await PublishAsync(cancellationToken);
            _isPending = pending.Count > 0;
            if (_isPending && await SwitchAsync(pending, cancellationToken))
            {
                _isPending = (await PublishAsync(cancellationToken)).Count > 0;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    /// <summary>Returns names whose next model is not ready yet.</summary>
    private async Task<IReadOnlyList<PendingName>> PublishAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        var rows = await connection.ReadRowsAsync(
            """
            select organization_id, project_id, name, model, next_model, previous_model, created_at from deployments
            order by created_at, organization_id, project_id, name
            """,
            row => new Row(
                new ModelOwner(row.GetGuid(0), row.GetGuid(1)), row.GetString(2), Text(row, 3), Text(row, 4), Text(row, 5),
                row.GetFieldValue<DateTimeOffset>(6)),
            cancellationToken);
        var models = (await connection.ReadRowsAsync(
            """
            select name, organization_id, project_id, base_model, bytes, sha256 from tuned_models t
            where deleted_at is null and exists (select from deployments d where t.name in (d.model, d.next_model, d.previous_model))
            """,
            row => new DeployedModel(
                row.GetString(0), new ModelOwner(row.GetGuid(1), row.GetGuid(2)), row.GetString(3), row.GetInt64(4), row.GetString(5)),
            cancellationToken)).ToDictionary(model => model.Name, StringComparer.Ordinal);

        // Where workers have no room for all, what is called now comes first, and what could be gone back to last.
        var order = rows.Select(row => row.Model).Concat(rows.Select(row => row.Next)).Concat(rows.Select(row => row.Previous));
        publisher.Publish(new DeploymentSnapshot(
            [.. rows.Where(row => row.Model is not null)
                .Select(row => new DeployedName(row.Owner, row.Name, row.Model!, row.Previous, row.CreatedAt))],
            [.. order.OfType<string>().Distinct(StringComparer.Ordinal).Where(models.ContainsKey).Select(name => models[name])]));
        return [.. rows.Where(row => row.Next is not null).Select(row => new PendingName(row.Owner, row.Name, row.Next!))];
    }

    /// <summary>Lets names point at their next model where a worker has it. Returns whether any does.</summary>
    private async Task<bool> SwitchAsync(IReadOnlyList<PendingName> pending, CancellationToken cancellationToken)
    {
        var models = await ready.FindAsync(cancellationToken);
        var switched = 0;
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        foreach (var name in pending.Where(name => models.Contains((name.Model, name.Owner))))
        {
            switched += await connection.ExecuteAsync(
                """
                update deployments set previous_model = coalesce(model, previous_model), model = next_model, next_model = null,
                  switched_at = $5
                where organization_id = $1 and project_id = $2 and name = $3 and next_model = $4
                """,
                cancellationToken, name.Owner.OrganizationId, name.Owner.ProjectId, name.Name, name.Model, PublicIds.Now(Clock));
        }

        return switched > 0;
    }

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private sealed record PendingName(ModelOwner Owner, string Name, string Model);

    private sealed record Row(
        ModelOwner Owner, string Name, string? Model, string? Next, string? Previous, DateTimeOffset CreatedAt);
}
