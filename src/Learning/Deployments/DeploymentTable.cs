using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Deployments;

/// <summary>The deployments of projects. Every query of a caller names organization and project.</summary>
internal sealed class DeploymentTable(NpgsqlDataSource dataSource, IOptions<DeploymentOptions> options, TimeProvider clock)
{
    private const string OfCaller = "organization_id = $1 and project_id = $2";

    /// <summary>The deployment of a name; null when the project has none.</summary>
    public async Task<Deployment?> FindAsync(FileCaller caller, string name, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return await FindAsync(connection, caller, name, "", cancellationToken);
    }

    /// <summary>All deployments of the project, by name.</summary>
    public async Task<IReadOnlyList<Deployment>> ListAsync(FileCaller caller, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return await connection.ReadRowsAsync(
            $"select {Deployment.Columns} from deployments where {OfCaller} order by name", Deployment.Read, cancellationToken,
            caller.OrganizationId, caller.ProjectId);
    }

    /// <summary>
    /// Orders a model for a name, which goes on pointing at its present one. A model that the name has already stays; an order that is not
    /// ready yet is replaced.
    /// </summary>
    /// <returns>The deployment, or why the model may not have the name.</returns>
    public async Task<OrRefusal<Deployment>> OrderAsync(
        FileCaller caller, DeploymentRequest request, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LockAsync(connection, caller, cancellationToken);

        // A deletion waits for this row, and then finds the deployment.
        if (await TunedModelTable.FindAsync(connection, caller, request.Model, "for share", cancellationToken) is not { } model)
        {
            return OpenAiError.TrainedModelNotFound(request.Model);
        }

        var name = request.Name ?? model.UsualName;
        var known = await FindAsync(connection, caller, name, "for update", cancellationToken);
        if (known is null && await CountAsync(connection, caller, cancellationToken) >= options.Value.MaxDeployments)
        {
            return OpenAiError.TooManyDeployments(options.Value.MaxDeployments);
        }

        if (Refuse(model, name, known?.Minimum, isOfName: true) is { } below)
        {
            return below;
        }

        if (Refuse(model, name, request.Minimum, isOfName: false) is { } missed)
        {
            return missed;
        }

        var minimum = request.Minimum ?? known?.Minimum;
        await connection.ExecuteAsync(
            """
            insert into deployments as d (organization_id, project_id, name, next_model, metric, threshold, created_at)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (organization_id, project_id, name) do update
            set next_model = nullif(excluded.next_model, d.model), metric = excluded.metric, threshold = excluded.threshold
            """,
            cancellationToken, caller.OrganizationId, caller.ProjectId, name, model.Name, minimum?.Metric, (decimal?)minimum?.Value,
            PublicIds.Now(clock));
        await transaction.CommitAsync(cancellationToken);
        return (await FindAsync(caller, name, cancellationToken))!;
    }

    /// <summary>Orders the model that a name had before.</summary>
    public async Task<OrRefusal<Deployment>> OrderPreviousAsync(FileCaller caller, string name, CancellationToken cancellationToken)
    {
        await using (var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken))
        {
            await connection.ExecuteAsync(
                $"update deployments set next_model = previous_model where {OfCaller} and name = $3 and previous_model is not null",
                cancellationToken, caller.OrganizationId, caller.ProjectId, name);
        }

        return await FindAsync(caller, name, cancellationToken) is not { } found ? OpenAiError.DeploymentNotFound(name)
            : found.Previous is null ? OpenAiError.NothingToRollBack(name) : found;
    }

    /// <summary>Deletes a deployment. False when the project has none of the name.</summary>
    public async Task<bool> DeleteAsync(FileCaller caller, string name, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return await connection.ExecuteAsync(
            $"delete from deployments where {OfCaller} and name = $3", cancellationToken, caller.OrganizationId, caller.ProjectId,
            name) > 0;
    }

    private static OpenAiError? Refuse(TunedModel model, string name, DeploymentMinimum? minimum, bool isOfName) =>
        minimum is null || model.Reached(minimum.Metric) >= minimum.Value
            ? null : OpenAiError.BelowMinimum(
                model.Name, name, minimum.Metric, minimum.Value, model.Reached(minimum.Metric), isOfName);

    private static async Task<Deployment?> FindAsync(
        NpgsqlConnection connection, FileCaller caller, string name, string locking, CancellationToken cancellationToken) =>
        (await connection.ReadRowsAsync(
            $"select {Deployment.Columns} from deployments where {OfCaller} and name = $3 {locking}", Deployment.Read, cancellationToken,
            caller.OrganizationId, caller.ProjectId, name)).FirstOrDefault();

    private static Task<long> CountAsync(NpgsqlConnection connection, FileCaller caller, CancellationToken cancellationToken) =>
        connection.ReadValueAsync<long>(
            "select count(*) from deployments where organization_id = $1", cancellationToken, caller.OrganizationId);

    /// <summary>Lets one transaction at a time add to an organization.</summary>
    private static Task<int> LockAsync(NpgsqlConnection connection, FileCaller caller, CancellationToken cancellationToken) =>
        connection.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended($1::text, 44))", cancellationToken, caller.OrganizationId);
}
