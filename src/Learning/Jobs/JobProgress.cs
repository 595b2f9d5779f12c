using System.Text.Json;
using Npgsql;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Files;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Jobs;

/// <summary>What an event of a run changes at its job.</summary>
/// <param name="Trains">Whether the training has begun, as opposed to a run that waits at its trainer.</param>
/// <param name="PaidTokens">Trained tokens of the job that no later run is billed for again.</param>
/// <param name="Happened">Null for an event that is not kept.</param>
internal sealed record RunMark(TrainingEvent Event, bool Trains, long PaidTokens, JobEvent? Happened)
{
    /// <summary>Number of the run.</summary>
    public required int Run { get; init; }

    /// <summary>The event's <c>id:</c>.</summary>
    public required long Delivered { get; init; }
}

/// <summary>The changes of jobs that are planned or trained. Each names this process, by its claim. Thread-safe.</summary>
internal sealed class JobProgress(NpgsqlDataSource dataSource, TimeProvider clock)
{
    /// <summary>How jobs are claimed to be planned.</summary>
    public static ClaimTable<Job> Plans { get; } =
        new("Plan of job", "jobs", Job.Columns, Job.Read, $"status = '{JobStatus.Validating}'")
        {
            IdOf = job => job.Id,
            IsDue = "due_at <= $1",
        };

    /// <summary>
    /// How jobs are claimed to be trained. A place goes to the organization with the fewest jobs in training, then to the one whose last
    /// turn is longest ago.
    /// </summary>
    public static ClaimTable<Job> Trainings { get; } = new("Job", "jobs", Job.Columns, Job.Read, JobStatus.IsTrainable)
    {
        IdOf = job => job.Id,
        IsDue = "due_at <= $1",
        Order = """
            (select count(*) from jobs r where r.organization_id = jobs.organization_id and r.runner_until >= $1
               and r.status in ('queued', 'running')),
            (select max(r.turn_at) from jobs r where r.organization_id = jobs.organization_id) nulls first,
            created_at
            """,
        Sets = ", turn_at = $1",
    };

    /// <summary>Ends the validation: the job waits for its turn.</summary>
    public Task PlannedAsync(Claims<Job> claims, Job job, TrainingPlan plan, CancellationToken cancellationToken) => ChangeAsync(
        claims, job.Id, "update jobs set status = 'queued', plan = $3, tries = 0, due_at = $4",
        JobEvent.Info(
            $"Files validated: {plan.TrainingRows} rows to train on, {plan.ValidationRows} held out. Method {plan.Method}: {plan.Reason} "
            + $"At most {plan.TokenBound} trained tokens."),
        cancellationToken, JsonSerializer.Serialize(plan, ContractsJson.Default.TrainingPlan), clock.GetUtcNow());

    /// <summary>Lets a job wait before it is tried again.</summary>
    /// <param name="happened">Null where nothing new is to be said.</param>
    public Task WaitAsync(
        Claims<Job> claims, Job job, TimeSpan pause, (int Tries, int Faults) counts, JobEvent? happened,
        CancellationToken cancellationToken) =>
        ChangeAsync(
            claims, job.Id, "update jobs set due_at = $3, tries = $4, faults = $5, estimated_finish = null", happened, cancellationToken,
            clock.GetUtcNow() + pause, counts.Tries, counts.Faults);

    public Task FailAsync(Claims<Job> claims, Guid job, JobError error, CancellationToken cancellationToken) => ChangeAsync(
        claims, job, "update jobs set status = 'failed', error = $3, finished_at = $4, estimated_finish = null", JobEvent.Error(error),
        cancellationToken, JsonSerializer.Serialize(error, JobJson.Default.JobError), PublicIds.Now(clock));

    /// <summary>Gives the next run its number and its request's id, before it is asked for: its usage row is found however it
    /// ends.</summary>
    public async Task<(int Number, Guid Request)> BeginRunAsync(Claims<Job> claims, Job job, CancellationToken cancellationToken)
    {
        var (number, request) = (job.Runs.Number + 1, Guid.CreateVersion7(clock.GetUtcNow()));
        await using var connection = await dataSource.OpenForAsync(job.Caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await claims.ChangeAsync(connection, job.Id, "update jobs set runs = $3", cancellationToken, number);
        await connection.ExecuteAsync(
            "insert into job_runs (job_id, number, started_at, request_id) values ($1, $2, $3, $4)", cancellationToken, job.Id, number,
            clock.GetUtcNow(), request);
        await transaction.CommitAsync(cancellationToken);
        return (number, request);
    }

    /// <summary>Notes that a run has begun, whatever became of the job: it has a usage row.</summary>
    public async Task AnsweredAsync(Guid job, int number, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await connection.ExecuteAsync(
            "update job_runs set answered = true where job_id = $1 and number = $2", cancellationToken, job, number);
    }

    /// <summary>Forgets a run that the gateway has refused: nothing ran, and nothing is billed.</summary>
    public async Task ForgetRunAsync(Guid job, int number, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await connection.ExecuteAsync("delete from job_runs where job_id = $1 and number = $2", cancellationToken, job, number);
    }

    /// <summary>Requests of earlier runs, and whether each has a usage row for sure.</summary>
    public async Task<IReadOnlyList<(Guid Request, bool IsCertain)>> ListRequestsAsync(Guid job, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        return await connection.ReadRowsAsync(
            "select request_id, answered or started_at > $2 from job_runs where job_id = $1 order by number",
            row => (row.GetGuid(0), row.GetBoolean(1)), cancellationToken, job, clock.GetUtcNow() - JobOptions.RowPatience);
    }

    /// <summary>Keeps what an event of a run says: marks, event and checkpoint in one transaction.</summary>
    public async Task MarkAsync(Claims<Job> claims, Guid job, RunMark mark, CancellationToken cancellationToken)
    {
        var (said, now) = (mark.Event, PublicIds.Now(clock));
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await claims.ChangeAsync(
            connection, job,
            """
            update jobs set status = case when $11 then 'running' else status end, trainer = coalesce($3, trainer), trainer_seen_at = $4,
              stage = coalesce($5, stage), step = coalesce($6, step), steps = coalesce($7, steps),
              estimated_finish = coalesce($8, estimated_finish),
              trained_tokens = coalesce($9, trained_tokens), tries = 0, faults = case when $10 > paid_tokens then 0 else faults end,
              paid_tokens = greatest(paid_tokens, $10)
            """,
            cancellationToken, said.Trainer, now, said.Stage, said.Step, said.Steps,
            said.SecondsLeft is { } left and >= 0 and < 1e9 ? now.AddSeconds(left) : null, said.TrainedTokens, mark.PaidTokens,
            mark.Trains);
        await connection.ExecuteAsync(
            "update job_runs set delivered = greatest(delivered, $3) where job_id = $1 and number = $2", cancellationToken, job, mark.Run,
            mark.Delivered);
        if (mark.Happened is { } happened)
        {
            await JobEvents.AddAsync(connection, job, happened, now, cancellationToken);
        }

        if (said is { Kind: TrainingEventKind.Checkpoint, Step: { } step })
        {
            await connection.ExecuteAsync(
                """
                insert into job_checkpoints (job_id, step, id, created_at, train_loss, valid_loss, accuracy)
                values ($1, $2, $3, $4, $5, $6, $7)
                on conflict (job_id, step) do update set train_loss = coalesce(excluded.train_loss, job_checkpoints.train_loss),
                  valid_loss = coalesce(excluded.valid_loss, job_checkpoints.valid_loss),
                  accuracy = coalesce(excluded.accuracy, job_checkpoints.accuracy)
                """,
                cancellationToken, job, step, Guid.CreateVersion7(now), now, said.TrainLoss, said.ValidLoss, said.Accuracy);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Lets another trainer take a job whose trainer does not come back. It begins anew.</summary>
    public Task ForgetTrainerAsync(Claims<Job> claims, Job job, CancellationToken cancellationToken) => ChangeAsync(
        claims, job.Id, "update jobs set trainer = null",
        JobEvent.Warn("The trainer that has the job's checkpoints is away for too long. Another one begins anew; nothing is billed twice."),
        cancellationToken);

    /// <summary>Ends a job well: its model is named, its figures are a file, in one transaction.</summary>
    /// <param name="file">The figures, with their durable content.</param>
    /// <returns>False when the trainer has left no model.</returns>
    public async Task<bool> SucceedAsync(
        Claims<Job> claims, Job job, TrainingEvent finished, (StoredFile File, SealedContent Content) file,
        CancellationToken cancellationToken)
    {
        var (now, name) = (PublicIds.Now(clock), JobNames.ModelOf(job));
        await using var connection = await dataSource.OpenForAsync(job.Caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await claims.ChangeAsync(
            connection, job.Id,
            """
            update jobs set status = 'succeeded', fine_tuned_model = $3, finished_at = $4, result_file_id = $5, estimated_finish = null,
              trained_tokens = coalesce($6, trained_tokens), step = coalesce($7, step), steps = coalesce($8, steps), stage = 'finished'
            """,
            cancellationToken, name, now, file.File.Id, finished.TrainedTokens, finished.Step, finished.Steps);
        var made = await connection.ExecuteAsync(
            """
            with result as (delete from job_results where job_id = $1 returning *)
            insert into tuned_models (
              name, organization_id, project_id, base_model, job_id, suffix, method, labels, blob_id, wrapped_key, bytes, sha256,
              evaluation, accuracy, macro_f1, created_at)
            select $2, $3, $4, $5, $1, $6, $7, labels, blob_id, wrapped_key, bytes, sha256, evaluation,
              coalesce((evaluation::json #>> '{evaluation,metrics,accuracy}')::float8, 0),
              coalesce((evaluation::json #>> '{evaluation,metrics,macro,f1}')::float8, 0), $8
            from result
            """,
            cancellationToken, job.Id, name, job.Caller.OrganizationId, job.Caller.ProjectId, job.Model, job.Suffix,
            job.Plan?.Method ?? job.Numbers.Method, now);
        if (made == 0)
        {
            return false;
        }

        await FileTable.InsertAsync(connection, job.Caller, file.File, file.Content, cancellationToken);
        await JobEvents.AddAsync(connection, job.Id, JobEvent.Info($"New fine-tuned model created: {name}"), now, cancellationToken);
        await JobEvents.AddAsync(connection, job.Id, JobEvent.Info("The job has successfully completed"), now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <param name="update">Its parameters begin with <c>$3</c>.</param>
    private async Task ChangeAsync(
        Claims<Job> claims, Guid job, string update, JobEvent? happened, CancellationToken cancellationToken, params object?[] values)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await claims.ChangeAsync(connection, job, update, cancellationToken, values);
        if (happened is not null)
        {
            await JobEvents.AddAsync(connection, job, happened, PublicIds.Now(clock), cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }
}
