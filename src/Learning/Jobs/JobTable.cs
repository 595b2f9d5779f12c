using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Files;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Jobs;

/// <summary>Which jobs a list shows.</summary>
/// <param name="After">Id that the list continues behind; null begins it.</param>
/// <param name="Metadata">A JSON object of pairs that a job must have; null for no filter.</param>
/// <param name="WithoutMetadata">Only jobs that were made without any.</param>
internal sealed record JobQuery(Guid? After, int Limit, string? Metadata, bool WithoutMetadata);

/// <summary>The jobs of projects, for gateways. Every query names organization and project.</summary>
internal sealed class JobTable(NpgsqlDataSource dataSource, FileQuota quota, IOptions<JobOptions> options, TimeProvider clock)
{
    /// <summary>Makes a job that this process plans first. Returns the error when the organization has too many, or no room for its
    /// result file.</summary>
    /// <param name="planner">The process, see <see cref="Claims.Claims{T}.Runner"/>.</param>
    public async Task<OpenAiError?> AddAsync(Job job, Guid planner, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(job.Caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await FileQuota.LockAsync(connection, job.Caller.OrganizationId, cancellationToken);
        if (await quota.RefuseAsync(connection, job.Caller.OrganizationId, "training_file", 1, 1, cancellationToken) is { } full)
        {
            return full;
        }

        var jobs = await connection.ReadValueAsync<long>(
            $"select count(*) from jobs where organization_id = $1 and {JobStatus.IsLive}", cancellationToken, job.Caller.OrganizationId);
        if (jobs >= options.Value.MaxJobs)
        {
            return OpenAiError.TooManyJobs(options.Value.MaxJobs);
        }

        await connection.ExecuteAsync(
            """
            insert into jobs (
              organization_id, project_id, id, key_id, key_public_id, model, training_file_id, validation_file_id, numbers, budget_usd,
              suffix, metadata, status, created_at, runner, runner_until)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
            """,
            cancellationToken,
            job.Caller.OrganizationId, job.Caller.ProjectId, job.Id, job.Caller.KeyId, job.KeyPublicId, job.Model, job.TrainingFile,
            job.ValidationFile, JsonSerializer.Serialize(job.Numbers, ContractsJson.Default.TrainingNumbers), job.UsdBudget, job.Suffix,
            job.Metadata, job.Status, job.CreatedAt, planner, clock.GetUtcNow() + options.Value.Lease);
        await JobEvents.AddAsync(
            connection, job.Id, JobEvent.Info($"Created fine-tuning job: {job.PublicId}"), job.CreatedAt, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>Takes a job back that nobody has been told of.</summary>
    public async Task TakeBackAsync(Guid job, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await connection.ExecuteAsync(
            """
            with gone as (delete from job_events where job_id = $1)
            delete from jobs where id = $1 and status = 'validating_files' and runs = 0
            """,
            cancellationToken, job);
    }

    /// <summary>A job of the caller's project; null when it has none of the id.</summary>
    public async Task<Job?> FindAsync(FileCaller caller, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return (await connection.ReadRowsAsync(
            $"select {Job.Columns} from jobs where organization_id = $1 and project_id = $2 and id = $3",
            Job.Read, cancellationToken, caller.OrganizationId, caller.ProjectId, id)).FirstOrDefault();
    }

    /// <summary>A job by its id alone, for trainers.</summary>
    public async Task<Job?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        return (await connection.ReadRowsAsync(
            $"select {Job.Columns} from jobs where id = $1", Job.Read, cancellationToken, id)).FirstOrDefault();
    }

    /// <summary>A page of the project's jobs, the newest first, and whether more follow.</summary>
    public async Task<(IReadOnlyList<Job> Items, bool HasMore)> ListAsync(
        FileCaller caller, JobQuery query, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        var jobs = await connection.ReadRowsAsync(
            $"""
            select {Job.Columns} from jobs where organization_id = $1 and project_id = $2 and ($3::uuid is null or id < $3)
              and ($4::text is null or metadata::jsonb @> $4::jsonb) and (not $5 or metadata is null)
            order by id desc limit $6
            """,
            Job.Read, cancellationToken, caller.OrganizationId, caller.ProjectId, query.After, query.Metadata, query.WithoutMetadata,
            query.Limit + 1);
        return Page(jobs, query.Limit);
    }

    /// <summary>Cancels a job that has not ended. Returns the job as it is then; null when there is none.</summary>
    public Task<Job?> CancelAsync(FileCaller caller, Guid id, CancellationToken cancellationToken) => ChangeAsync(
        caller, id, $"update jobs set status = 'cancelled', finished_at = $4, estimated_finish = null where {JobStatus.IsLive}",
        JobEvent.Info("The job was cancelled. What it had trained is billed."), cancellationToken);

    /// <summary>Pauses a job that has not ended.</summary>
    /// <inheritdoc cref="CancelAsync"/>
    public Task<Job?> PauseAsync(FileCaller caller, Guid id, CancellationToken cancellationToken) => ChangeAsync(
        caller, id,
        """
        update jobs set status = 'paused', paused_at = $4, estimated_finish = null
        where status in ('validating_files', 'queued', 'running')
        """,
        JobEvent.Info("The job was paused. It goes on from its last checkpoint when it is resumed."), cancellationToken);

    /// <summary>Lets a paused job go on.</summary>
    /// <inheritdoc cref="CancelAsync"/>
    public Task<Job?> ResumeAsync(FileCaller caller, Guid id, CancellationToken cancellationToken) => ChangeAsync(
        caller, id,
        """
        update jobs set status = case when plan is null then 'validating_files' else 'queued' end, due_at = $4, tries = 0, faults = 0
        where status = 'paused'
        """,
        JobEvent.Info("The job was resumed."), cancellationToken);

    /// <summary>A page of a job's events, the newest first, and whether more follow.</summary>
    public async Task<(IReadOnlyList<StoredEvent> Items, bool HasMore)> ListEventsAsync(
        Job job, Guid? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(job.Caller.OrganizationId, cancellationToken);
        return Page(
            await connection.ReadRowsAsync(
                $"""
                select {JobEvents.Columns} from job_events where job_id = $1
                  and ($2::uuid is null or number < coalesce((select number from job_events where job_id = $1 and id = $2), 0))
                order by number desc limit $3
                """,
                JobEvents.Read, cancellationToken, job.Id, after, limit + 1),
            limit);
    }

    /// <summary>Events behind a number, the oldest first.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(Job job, int after, int most, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(job.Caller.OrganizationId, cancellationToken);
        return await connection.ReadRowsAsync(
            $"select {JobEvents.Columns} from job_events where job_id = $1 and number > $2 order by number limit $3",
            JobEvents.Read, cancellationToken, job.Id, after, most);
    }

    /// <summary>A page of a job's checkpoints, the newest first, and whether more follow.</summary>
    public async Task<(IReadOnlyList<StoredCheckpoint> Items, bool HasMore)> ListCheckpointsAsync(
        Job job, Guid? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(job.Caller.OrganizationId, cancellationToken);
        return Page(
            await connection.ReadRowsAsync(
                """
                select id, step, created_at, train_loss, valid_loss, accuracy from job_checkpoints where job_id = $1
                  and ($2::uuid is null or step < coalesce((select step from job_checkpoints where job_id = $1 and id = $2), 0))
                order by step desc limit $3
                """,
                row => new StoredCheckpoint(
                    row.GetGuid(0), row.GetInt64(1), row.GetFieldValue<DateTimeOffset>(2), Number(row, 3), Number(row, 4), Number(row, 5)),
                cancellationToken, job.Id, after, limit + 1),
            limit);
    }

    private static (IReadOnlyList<T> Items, bool HasMore) Page<T>(List<T> items, int limit) =>
        items.Count > limit ? (items[..limit], true) : (items, false);

    private static double? Number(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDouble(column);

    /// <param name="update">With its condition. <c>$4</c> is now.</param>
    private async Task<Job?> ChangeAsync(
        FileCaller caller, Guid id, string update, JobEvent happened, CancellationToken cancellationToken)
    {
        var now = PublicIds.Now(clock);
        await using (var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var changed = await connection.ExecuteAsync(
                $"{update} and organization_id = $1 and project_id = $2 and id = $3", cancellationToken, caller.OrganizationId,
                caller.ProjectId, id, now);
            if (changed > 0)
            {
                await JobEvents.AddAsync(connection, id, happened, now, cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
        }

        return await FindAsync(caller, id, cancellationToken);
    }
}
