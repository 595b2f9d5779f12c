using Npgsql;
using Tollgate.Learning.Callers;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Deployments;

/// <summary>The trained models of projects. Every query of a caller names organization and project.</summary>
internal sealed class TunedModelTable(NpgsqlDataSource dataSource)
{
    private const string OfCaller = "organization_id = $1 and project_id = $2 and deleted_at is null";

    /// <summary>A page of the project's models, the newest first, and whether more follow.</summary>
    /// <param name="after">Name of the model before the first one; null begins the list.</param>
    public async Task<(IReadOnlyList<TunedModel> Models, bool HasMore)> ListAsync(
        FileCaller caller, string? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        var models = await connection.ReadRowsAsync(
            $"""
            select {TunedModel.Columns} from tuned_models where {OfCaller}
              and ($3::text is null or (created_at, name) < (
                select created_at, name from tuned_models where organization_id = $1 and project_id = $2 and name = $3))
            order by created_at desc, name desc limit $4
            """,
            TunedModel.Read, cancellationToken, caller.OrganizationId, caller.ProjectId, after, limit + 1);
        var hasMore = models.Count > limit;
        return (hasMore ? models[..limit] : models, hasMore);
    }

    /// <summary>A model of the project; null when it has none of the name.</summary>
    /// <param name="locking">Such as <c>for share</c>; empty for none.</param>
    public static async Task<TunedModel?> FindAsync(
        NpgsqlConnection connection, FileCaller caller, string name, string locking, CancellationToken cancellationToken) =>
        (await connection.ReadRowsAsync(
            $"select {TunedModel.Columns} from tuned_models where {OfCaller} and name = $3 {locking}", TunedModel.Read, cancellationToken,
            caller.OrganizationId, caller.ProjectId, name)).FirstOrDefault();
}
