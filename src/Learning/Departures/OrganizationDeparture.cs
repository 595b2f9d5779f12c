using Npgsql;
using Tollgate.Contracts.Learning;
using Tollgate.Learning.Batches;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Deployments;
using Tollgate.Learning.Files;
using Tollgate.Learning.Jobs;
using Tollgate.Learning.Responses;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Departures;

/// <summary>
/// Destroys everything that an organization keeps, over all of its projects: ends what runs, then deletes models, files and responses as
/// single ones are deleted, with receipts of files and models. Safe to be interrupted and repeated.
/// </summary>
internal sealed class OrganizationDeparture(
    NpgsqlDataSource dataSource, ModelDeletion models, FileDeletion files, ResponseTable responses, TimeProvider clock)
{
    /// <summary>Most models, files and responses, each, that one call destroys.</summary>
    public const int Most = 500;

    /// <summary>Ends what runs. A process that has one of these loses its claim, and nothing that it writes counts any more.</summary>
    private static readonly string[] Stops =
    [
        $"""
        update batches set status = 'cancelled', ending = 'cancelled', cancelled_at = $2, runner = null, runner_until = null
        where organization_id = $1 and {BatchStatus.IsLive}
        """,
        $"""
        update jobs set status = 'cancelled', finished_at = $2, estimated_finish = null, runner = null, runner_until = null
        where organization_id = $1 and {JobStatus.IsLive}
        """,
        """
        update federated_jobs set status = 'cancelled', finished_at = $2
        where organization_id = $1 and status in ('waiting', 'running')
        """,
        "update uploads set status = 'cancelled' where organization_id = $1 and status = 'pending'",
    ];

    /// <summary>Destroys the keys of contents that belong to no file and no model. The store follows.</summary>
    private static readonly string[] Removals =
    [
        "delete from batch_segments where batch_id in (select id from batches where organization_id = $1) returning blob_id",
        "delete from job_results where job_id in (select id from jobs where organization_id = $1) returning blob_id",
        "delete from upload_parts where organization_id = $1 returning blob_id",
    ];

    /// <summary>Blanks texts of customers in rows that stay.</summary>
    private static readonly string[] Blanks =
    [
        "update batches set metadata = null, errors = null where organization_id = $1",
        "delete from job_events where job_id in (select id from jobs where organization_id = $1)",
        "update jobs set metadata = null, suffix = null where organization_id = $1",
        "update uploads set name = '' where organization_id = $1",
        "delete from federated_messages where job_id in (select id from federated_jobs where organization_id = $1)",
        "update federated_jobs set task = '{}', weights = '', counts = null, error = null where organization_id = $1",
        "delete from deployments where organization_id = $1",
    ];

    /// <summary>Destroys some more of the organization's contents.</summary>
    public async Task<DestroyedContents> DestroyAsync(Guid organizationId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(organizationId, cancellationToken);
        await connection.ExecuteAsync(
            "insert into departures (organization_id, since) values ($1, $2) on conflict do nothing", cancellationToken, organizationId,
            PublicIds.Now(clock));
        await StopAsync(connection, organizationId, cancellationToken);
        var destroyed = await models.DeleteOfOrganizationAsync(organizationId, Most, cancellationToken)
            + await files.DeleteOfOrganizationAsync(organizationId, Most, cancellationToken)
            + await responses.DeleteOfOrganizationAsync(organizationId, Most, cancellationToken);
        return await CountAsync(connection, organizationId, destroyed == 0, cancellationToken);
    }

    private async Task StopAsync(NpgsqlConnection connection, Guid organizationId, CancellationToken cancellationToken)
    {
        var now = PublicIds.Now(clock);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        foreach (var stop in Stops)
        {
            await connection.ExecuteAsync(stop, cancellationToken, organizationId, now);
        }

        foreach (var removal in Removals)
        {
            await connection.ExecuteAsync(
                $"with gone as ({removal}) insert into removals (blob_id, since) select blob_id, $2 from gone", cancellationToken,
                organizationId, now);
        }

        foreach (var blank in Blanks)
        {
            await connection.ExecuteAsync(blank, cancellationToken, organizationId);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<DestroyedContents> CountAsync(
        NpgsqlConnection connection, Guid organizationId, bool isDone, CancellationToken cancellationToken) =>
        (await connection.ReadRowsAsync(
            """
            select count(file.id), coalesce(sum(file.bytes), 0)::bigint,
              (select count(*) from tuned_models where organization_id = $1 and deleted_at >= since),
              (select count(*) from responses where organization_id = $1 and deleted_at >= since),
              (select count(*) from batches where organization_id = $1 and cancelled_at >= since),
              (select count(*) from jobs where organization_id = $1 and status = 'cancelled' and finished_at >= since)
            from departures left join files file on file.organization_id = $1 and file.deleted_at >= since
            where departures.organization_id = $1 group by since
            """,
            row => new DestroyedContents(
                row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), isDone),
            cancellationToken, organizationId))[0];
}
