using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Contracts.Learning;

namespace Tollgate.Accounts.FineTuning;

/// <summary>A fine-tuning job as Learning's wire has it. Times are Unix seconds.</summary>
public sealed record JobEntry(string Id, string Model, string Status, long CreatedAt)
{
    public string? TrainingFile { get; init; }

    public string? ValidationFile { get; init; }

    public string? FineTunedModel { get; init; }

    public long? FinishedAt { get; init; }

    public long? EstimatedFinish { get; init; }

    public long? TrainedTokens { get; init; }

    public long? Seed { get; init; }

    public string? Suffix { get; init; }

    public JobFault? Error { get; init; }

    public JobMethod? Method { get; init; }

    public JobNumbers? Hyperparameters { get; init; }

    /// <summary>Null until the files are read.</summary>
    public TrainingPlan? Plan { get; init; }

    /// <summary>Null before the first run.</summary>
    public JobPlace? Progress { get; init; }

    public JobBudget? Budget { get; init; }

    /// <summary>Dollars as a decimal text; null until all usage of an ended job is booked.</summary>
    public string? CostUsd { get; init; }

    /// <summary>Whether no run of it follows.</summary>
    public bool HasEnded => Status is "succeeded" or "failed" or "cancelled";

    public bool MayCancel => !HasEnded;

    public bool MayPause => Status is "queued" or "running";

    public bool MayResume => Status == "paused";

    /// <summary>The name that a person sees: the suffix or the base model.</summary>
    public string Title => string.IsNullOrEmpty(Suffix) ? Model : Suffix;
}

/// <summary>Why a job failed.</summary>
public sealed record JobFault(string? Code, string? Message);

/// <param name="Type"><c>supervised</c>, <c>head</c>, <c>encoder</c> or <c>lstm</c>.</param>
public sealed record JobMethod(string Type);

/// <summary>Each <c>"auto"</c> or a number.</summary>
public sealed record JobNumbers(JsonElement? NEpochs, JsonElement? BatchSize, JsonElement? LearningRateMultiplier);

/// <summary>How far a job is.</summary>
/// <param name="Stage">What is being done, such as <c>training</c>.</param>
public sealed record JobPlace(string? Stage, long? Step, long? Steps);

/// <summary>Null for no limit.</summary>
/// <param name="Usd">Decimal text.</param>
public sealed record JobBudget(long? TrainedTokens, string? Usd);

/// <summary>A page of jobs.</summary>
public sealed record JobPageEntry(IReadOnlyList<JobEntry> Data, bool HasMore);

/// <summary>An event of a job.</summary>
/// <param name="Level"><c>info</c>, <c>warn</c> or <c>error</c>.</param>
/// <param name="Type"><c>message</c> or <c>metrics</c>.</param>
/// <param name="Data">Numbers of a metrics event, see <see cref="JobCurves"/>.</param>
public sealed record JobEventEntry(string Id, long CreatedAt, string Level, string Message, string? Type, JsonElement? Data);

/// <summary>A page of events, newest first.</summary>
public sealed record JobEventPageEntry(IReadOnlyList<JobEventEntry> Data, bool HasMore);

/// <summary>A name of the project that leads to a trained model.</summary>
/// <param name="Model">The trained model behind the name; null until the first one is ready.</param>
public sealed record DeploymentEntry(string Name, string? Model)
{
    /// <summary>What the name leads to as soon as a worker has it ready.</summary>
    public string? NextModel { get; init; }

    /// <summary>The one before it; null where there was none.</summary>
    public string? PreviousModel { get; init; }

    /// <summary><c>deploying</c> while <see cref="NextModel"/> is not ready, else <c>ready</c>.</summary>
    public string? Status { get; init; }

    public DeploymentMinimum? Minimum { get; init; }

    /// <summary>What a page shows as the model.</summary>
    public string Shown => Model ?? NextModel ?? "none yet";

    public long? CreatedAt { get; init; }

    public long? SwitchedAt { get; init; }
}

/// <summary>All deployments of a project.</summary>
public sealed record DeploymentPageEntry(IReadOnlyList<DeploymentEntry> Data);

/// <summary>What a model must reach to be deployed.</summary>
/// <param name="Metric"><c>accuracy</c>, <c>macro_f1</c> or <c>roc_auc</c>.</param>
public sealed record DeploymentMinimum(string Metric, double Value);

/// <summary>Body of <c>POST /v1/fine_tuning/deployments</c>.</summary>
public sealed record NewDeployment(string Model, string? Name, DeploymentMinimum? Minimum);

/// <summary>Body of <c>POST /v1/fine_tuning/jobs</c>.</summary>
public sealed record NewJob(string Model, string TrainingFile)
{
    public string? ValidationFile { get; init; }

    public JobMethod? Method { get; init; }

    public NewJobNumbers? Hyperparameters { get; init; }

    public long? Seed { get; init; }

    public string? Suffix { get; init; }

    public double? ValidationShare { get; init; }

    public bool? EarlyStopping { get; init; }

    public bool? BalanceLabels { get; init; }

    public bool? Int8 { get; init; }

    public NewJobBudget? Budget { get; init; }
}

/// <summary>Null for no limit.</summary>
public sealed record NewJobBudget(long? TrainedTokens, decimal? Usd);

/// <summary>Numbers of a new job; null leaves one to the method.</summary>
public sealed record NewJobNumbers(int? NEpochs, int? BatchSize, double? LearningRateMultiplier);

/// <summary>Reads and writes Learning's objects of fine-tuning. Members that it does not know are left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JobEntry))]
[JsonSerializable(typeof(JobPageEntry))]
[JsonSerializable(typeof(JobEventPageEntry))]
[JsonSerializable(typeof(DeploymentEntry))]
[JsonSerializable(typeof(DeploymentPageEntry))]
[JsonSerializable(typeof(NewDeployment))]
[JsonSerializable(typeof(NewJob))]
[JsonSerializable(typeof(EvaluationEntry))]
internal sealed partial class JobWire : JsonSerializerContext;
