using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.Federated;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Files;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Federated;

/// <summary>A round that ended with a sum.</summary>
/// <param name="Attempts">How often it began.</param>
/// <param name="Members">Numbers of those whose vectors are in the sum.</param>
internal sealed record EndedRound(int Round, int Attempts, IReadOnlyList<int> Members);

/// <summary>The federated trainings of projects. Every query names organization and project.</summary>
internal sealed class FederatedTable(NpgsqlDataSource dataSource, IOptions<FederatedOptions> options, TimeProvider clock)
{
    /// <summary>Makes a training that waits for its participants.</summary>
    public async Task<OrRefusal<FederatedJob>> AddAsync(FederatedRequest request, FileCaller caller, CancellationToken cancellationToken)
    {
        var now = PublicIds.Now(clock);
        var id = Guid.CreateVersion7(now);
        var task = request.Task with { Id = $"{FederatedJob.Prefix}{id:N}" };
        var job = new FederatedJob
        {
            Caller = caller,
            Id = id,
            Task = task,
            Status = FederatedStatus.Waiting,
            PhaseUntil = now + TimeSpan.FromSeconds(request.JoinSeconds),
            Weights = new double[task.LayerNumbers],
            CreatedAt = now,
        };
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await FileQuota.LockAsync(connection, caller.OrganizationId, cancellationToken);
        var live = await connection.ReadValueAsync<long>(
            $"select count(*) from federated_jobs where organization_id = $1 and {FederatedJob.IsLive}", cancellationToken,
            caller.OrganizationId);
        if (live >= options.Value.MaxJobs)
        {
            return OpenAiError.TooManyFederatedJobs(options.Value.MaxJobs);
        }

        await connection.ExecuteAsync(
            """
            insert into federated_jobs (organization_id, project_id, key_id, id, task, status, phase, phase_until, weights, created_at)
            values ($1, $2, $3, $4, $5, 'waiting', 'join', $6, $7, $8)
            """,
            cancellationToken, caller.OrganizationId, caller.ProjectId, caller.KeyId, id,
            JsonSerializer.Serialize(task, FederatedJson.Default.FederatedTask), job.PhaseUntil, FederatedJob.ToBytes(job.Weights), now);
        await connection.ExecuteAsync(
            "insert into federated_participants (job_id, number) select $1, generate_series(1, $2)", cancellationToken, id,
            task.Participants.Count);
        await transaction.CommitAsync(cancellationToken);
        return job;
    }

    /// <summary>A training of the caller's project; null when it has none of the id.</summary>
    public async Task<FederatedJob?> FindAsync(FileCaller caller, string id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return await FindAsync(connection, caller, id, "", cancellationToken);
    }

    /// <summary>The same with its row locked, inside a transaction.</summary>
    public static Task<FederatedJob?> LockAsync(
        NpgsqlConnection connection, FileCaller caller, string id, CancellationToken cancellationToken) =>
        FindAsync(connection, caller, id, "for update", cancellationToken);

    /// <summary>A page of the project's trainings, the newest first, and whether more follow.</summary>
    public async Task<(IReadOnlyList<FederatedJob> Jobs, bool HasMore)> ListAsync(
        FileCaller caller, Guid? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        var jobs = await connection.ReadRowsAsync(
            $"""
            select {FederatedJob.Columns} from federated_jobs
            where organization_id = $1 and project_id = $2 and ($3::uuid is null or id < $3) order by id desc limit $4
            """,
            FederatedJob.Read, cancellationToken, caller.OrganizationId, caller.ProjectId, after, limit + 1);
        var hasMore = jobs.Count > limit;
        return (hasMore ? jobs[..limit] : jobs, hasMore);
    }

    /// <summary>Who takes part, by number from 1.</summary>
    public async Task<IReadOnlyList<ParticipantState>> ParticipantsAsync(FederatedJob job, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(job.Caller.OrganizationId, cancellationToken);
        return await ParticipantState.ReadAsync(connection, job, cancellationToken);
    }

    /// <summary>The rounds that ended with a sum.</summary>
    public async Task<IReadOnlyList<EndedRound>> RoundsAsync(FederatedJob job, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(job.Caller.OrganizationId, cancellationToken);
        return await connection.ReadRowsAsync(
            "select round, attempts, members from federated_rounds where job_id = $1 order by round",
            row => new EndedRound(row.GetInt32(0), row.GetInt32(1), row.GetFieldValue<int[]>(2)), cancellationToken, job.Id);
    }

    private static async Task<FederatedJob?> FindAsync(
        NpgsqlConnection connection, FileCaller caller, string id, string locking, CancellationToken cancellationToken) =>
        (await connection.ReadRowsAsync(
            $"select {FederatedJob.Columns} from federated_jobs where organization_id = $1 and project_id = $2 and id = $3 {locking}",
            FederatedJob.Read, cancellationToken, caller.OrganizationId, caller.ProjectId,
            PublicIds.Parse(id, FederatedJob.Prefix))).FirstOrDefault();
}
