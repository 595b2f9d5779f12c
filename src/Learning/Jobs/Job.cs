using System.Text.Json;
using Npgsql;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Learning.Callers;

namespace Tollgate.Learning.Jobs;

/// <summary>Words of <see cref="Job.Status"/>, as on OpenAI's wire.</summary>
internal static class JobStatus
{
    public const string Validating = "validating_files";
    public const string Queued = "queued";
    public const string Running = "running";
    public const string Paused = "paused";
    public const string Succeeded = "succeeded";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";

    /// <summary>Condition of SQL: the job has not ended.</summary>
    public const string IsLive = "status in ('validating_files', 'queued', 'running', 'paused')";

    /// <summary>Condition of SQL: the job is planned and may train.</summary>
    public const string IsTrainable = "status in ('queued', 'running')";
}

/// <summary>Why a job failed, as OpenAI's <c>error</c> shows it.</summary>
internal sealed record JobError(string Code, string Message, string? Param);

/// <summary>Where a job is in its training; null where no event has said.</summary>
internal sealed record JobProgressMarks(string? Stage, long? Step, long? Steps, DateTimeOffset? EstimatedFinish);

/// <summary>What is known of a job's runs.</summary>
/// <param name="Number">Of the newest run; 0 before the first.</param>
/// <param name="Trainer">Trainer with the job's checkpoints; null where none is waited for.</param>
/// <param name="PaidTokens">Trained tokens that runs were billed for.</param>
/// <param name="Tries">Calls that failed in a row.</param>
/// <param name="Faults">Runs in a row that ended early without getting further.</param>
internal sealed record JobRuns(
    int Number, string? Trainer, DateTimeOffset? TrainerSeenAt, long PaidTokens, long TrainedTokens, int Tries, int Faults);

/// <summary>A model to be trained, and what became of it.</summary>
internal sealed record Job
{
    public const string Prefix = "ftjob-";

    /// <summary>Columns in the order of <see cref="Read"/>.</summary>
    public const string Columns =
        "organization_id, project_id, id, key_id, key_public_id, model, training_file_id, validation_file_id, numbers, budget_usd, suffix, "
        + "metadata, status, plan, error, fine_tuned_model, result_file_id, runs, trainer, trainer_seen_at, paid_tokens, trained_tokens, "
        + "tries, faults, stage, step, steps, estimated_finish, cost, created_at, paused_at, finished_at, "
        + "case when exists (select from files f where f.id = training_file_id and f.deleted_at is not null) then 'training_file' "
        + "when exists (select from files f where f.id = validation_file_id and f.deleted_at is not null) then 'validation_file' end";

    /// <summary>Whose it is, and the key that its runs use.</summary>
    public required FileCaller Caller { get; init; }

    public required Guid Id { get; init; }

    /// <summary>Names the key to the gateway.</summary>
    public required string KeyPublicId { get; init; }

    /// <summary>The base model.</summary>
    public required string Model { get; init; }

    public required Guid TrainingFile { get; init; }

    public Guid? ValidationFile { get; init; }

    public required TrainingNumbers Numbers { get; init; }

    public decimal? UsdBudget { get; init; }

    public string? Suffix { get; init; }

    /// <summary>A JSON object of texts; null when the client gave none.</summary>
    public string? Metadata { get; init; }

    public required string Status { get; init; }

    /// <summary>Null until a trainer has made it.</summary>
    public TrainingPlan? Plan { get; init; }

    public JobError? Error { get; init; }

    public string? FineTunedModel { get; init; }

    public Guid? ResultFile { get; init; }

    public JobRuns Runs { get; init; } = new(0, null, null, 0, 0, 0, 0);

    public JobProgressMarks Marks { get; init; } = new(null, null, null, null);

    /// <summary>Dollars, the sum of its usage rows; null until it has ended and all of them are booked.</summary>
    public decimal? Cost { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was paused last.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Member of the request whose file is deleted; null while all are there.</summary>
    public string? MissingFile { get; init; }

    public string PublicId => $"{Prefix}{Id:N}";

    public bool HasEnded => FinishedAt is not null;

    public static Job Read(NpgsqlDataReader row) => new()
    {
        Caller = new FileCaller(row.GetGuid(0), row.GetGuid(1), row.GetGuid(3)),
        Id = row.GetGuid(2),
        KeyPublicId = row.GetString(4),
        Model = row.GetString(5),
        TrainingFile = row.GetGuid(6),
        ValidationFile = row.IsDBNull(7) ? null : row.GetGuid(7),
        Numbers = JsonSerializer.Deserialize(row.GetString(8), ContractsJson.Default.TrainingNumbers)!,
        UsdBudget = row.IsDBNull(9) ? null : row.GetDecimal(9),
        Suffix = Text(row, 10),
        Metadata = Text(row, 11),
        Status = row.GetString(12),
        Plan = Text(row, 13) is { } plan ? JsonSerializer.Deserialize(plan, ContractsJson.Default.TrainingPlan) : null,
        Error = Text(row, 14) is { } error ? JsonSerializer.Deserialize(error, JobJson.Default.JobError) : null,
        FineTunedModel = Text(row, 15),
        ResultFile = row.IsDBNull(16) ? null : row.GetGuid(16),
        Runs = new JobRuns(
            row.GetInt32(17), Text(row, 18), Time(row, 19), row.GetInt64(20), row.GetInt64(21), row.GetInt32(22), row.GetInt32(23)),
        Marks = new JobProgressMarks(Text(row, 24), Count(row, 25), Count(row, 26), Time(row, 27)),
        Cost = row.IsDBNull(28) ? null : row.GetDecimal(28),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(29),
        PausedAt = Time(row, 30),
        FinishedAt = Time(row, 31),
        MissingFile = Text(row, 32),
    };

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static long? Count(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
