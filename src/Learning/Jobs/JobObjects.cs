using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Tollgate.Contracts.Learning;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Jobs;

/// <summary>OpenAI's job object. <c>plan</c>, <c>progress</c>, <c>budget</c> and <c>cost_usd</c> are ours.</summary>
internal sealed record JobObject(
    string Id, string Object, long CreatedAt, JobError? Error, string? FineTunedModel, long? FinishedAt, JsonObject Hyperparameters,
    string Model, string OrganizationId, IReadOnlyList<string> ResultFiles)
{
    public required long Seed { get; init; }

    public required string Status { get; init; }

    public required long? TrainedTokens { get; init; }

    public required string TrainingFile { get; init; }

    public required string? ValidationFile { get; init; }

    public required long? EstimatedFinish { get; init; }

    public required IReadOnlyList<string> Integrations { get; init; }

    public required JsonElement? Metadata { get; init; }

    public required JsonObject Method { get; init; }

    public required string? Suffix { get; init; }

    public required TrainingPlan? Plan { get; init; }

    public required ProgressObject? Progress { get; init; }

    public required BudgetObject? Budget { get; init; }

    /// <summary>Dollars as a decimal text; null until all usage rows of an ended job are booked.</summary>
    public required string? CostUsd { get; init; }

    public static JobObject Of(Job job) => new(
        job.PublicId, "fine_tuning.job", job.CreatedAt.ToUnixTimeSeconds(), job.Error, job.FineTunedModel,
        job.FinishedAt?.ToUnixTimeSeconds(), Numbers(job), job.Model, $"org-{job.Caller.OrganizationId:N}",
        job.ResultFile is { } file ? [FileId(file)] : [])
    {
        Seed = job.Numbers.Seed,
        Status = job.Status,
        TrainedTokens = job.Runs.Number == 0 ? null : job.Runs.TrainedTokens,
        TrainingFile = FileId(job.TrainingFile),
        ValidationFile = job.ValidationFile is { } validation ? FileId(validation) : null,
        EstimatedFinish = job.HasEnded ? null : job.Marks.EstimatedFinish?.ToUnixTimeSeconds(),
        Integrations = [],
        Metadata = job.Metadata is { } metadata ? JsonElement.Parse(metadata) : null,
        Method = new JsonObject
        {
            ["type"] = job.Numbers.Method, [job.Numbers.Method] = new JsonObject { ["hyperparameters"] = Numbers(job) },
        },
        Suffix = job.Suffix,
        Plan = job.Plan,
        Progress = job.Runs.Number == 0 ? null : new ProgressObject(job.Marks.Stage, job.Marks.Step, job.Marks.Steps),
        Budget = job.Numbers.TokenBudget is null && job.UsdBudget is null
            ? null : new BudgetObject(job.Numbers.TokenBudget, job.UsdBudget is { } usd ? Dollars(usd) : null),
        CostUsd = job.Cost is { } cost ? Dollars(cost) : null,
    };

    /// <summary>What the client asked for, and what the plan filled in.</summary>
    private static JsonObject Numbers(Job job) => new()
    {
        ["n_epochs"] = (job.Plan?.Epochs ?? job.Numbers.Epochs) is { } epochs ? epochs : "auto",
        ["batch_size"] = (job.Plan?.BatchSize ?? job.Numbers.BatchSize) is { } rows ? rows : "auto",
        ["learning_rate_multiplier"] =
            (job.Plan?.LearningRateMultiplier ?? job.Numbers.LearningRateMultiplier) is { } factor ? factor : "auto",
    };

    private static string Dollars(decimal value) => value.ToString("0.############", CultureInfo.InvariantCulture);

    private static string FileId(Guid id) => $"{StoredFile.Prefix}{id:N}";
}

/// <summary>How far a job is.</summary>
internal sealed record ProgressObject(string? Stage, long? Step, long? Steps);

/// <summary>As the client set it.</summary>
internal sealed record BudgetObject(long? TrainedTokens, string? Usd);

/// <summary>OpenAI's event object.</summary>
internal sealed record JobEventObject(
    string Id, string Object, long CreatedAt, string Level, string Message, string Type, JsonElement? Data)
{
    public const string Prefix = "ftevent-";

    public static JobEventObject Of(StoredEvent from) => new(
        $"{Prefix}{from.Id:N}", "fine_tuning.job.event", from.CreatedAt.ToUnixTimeSeconds(), from.Level, from.Message, from.Type,
        from.Data is { } data ? JsonElement.Parse(data) : null);
}

/// <summary>OpenAI's checkpoint object.</summary>
internal sealed record CheckpointObject(
    string Id, string Object, long CreatedAt, string FineTunedModelCheckpoint, string FineTuningJobId, CheckpointMetrics Metrics,
    long StepNumber)
{
    public const string Prefix = "ftckpt-";

    public static CheckpointObject Of(Job job, StoredCheckpoint from) => new(
        $"{Prefix}{from.Id:N}", "fine_tuning.job.checkpoint", from.CreatedAt.ToUnixTimeSeconds(),
        $"{JobNames.ModelOf(job)}:step-{from.Step}", job.PublicId,
        new CheckpointMetrics(from.Step, from.TrainLoss, from.ValidLoss, from.Accuracy), from.Step);
}

/// <summary>Figures of a checkpoint.</summary>
internal sealed record CheckpointMetrics(long Step, double? TrainLoss, double? ValidLoss, double? Accuracy);

/// <summary>Serializes the objects above with OpenAI's names.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(JobObject))]
[JsonSerializable(typeof(JobEventObject))]
[JsonSerializable(typeof(CheckpointObject))]
[JsonSerializable(typeof(ListPage<JobObject>), TypeInfoPropertyName = "JobList")]
[JsonSerializable(typeof(ListPage<JobEventObject>), TypeInfoPropertyName = "EventList")]
[JsonSerializable(typeof(ListPage<CheckpointObject>), TypeInfoPropertyName = "CheckpointList")]
[JsonSerializable(typeof(JobMetrics))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class JobJson : JsonSerializerContext;
