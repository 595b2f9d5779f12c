using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/fine_tuning/jobs</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record FineTuningJobRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("An embedding model to train from, or lstm for none.")]
    string Model,
    [property: JsonPropertyName("training_file"), MinLength(1), Description("A file of purpose fine-tune: labelled texts.")]
    string TrainingFile)
{
    [JsonPropertyName("validation_file"), MinLength(1),
        Description("Texts that the evaluation reads. Without it a part of the training file is held out.")]
    public string? ValidationFile { get; init; }

    [JsonPropertyName("hyperparameters"), Description("As in method, for older clients; not both.")]
    public HyperparametersBody? Hyperparameters { get; init; }

    [JsonPropertyName("method"), Description("Default: supervised, which chooses one of the others.")]
    public TrainingMethodBody? Method { get; init; }

    [JsonPropertyName("seed"), Range(0, FineTuningJobRequest.MostSeed), Description("Equal seeds and files give equal models.")]
    public long? Seed { get; init; }

    [JsonPropertyName("suffix"), StringLength(FineTuningJobRequest.LongestSuffix, MinimumLength = 1), RegularExpression("^[A-Za-z0-9-]+$"),
        Description("A part of the model's name, in lower case. It is cut where the name would be longer than 63 characters.")]
    public string? Suffix { get; init; }

    [JsonPropertyName("metadata"), Description("At most 16 pairs, names up to 64 characters, texts up to 512. Kept with the job.")]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    [JsonPropertyName("integrations"), MaxLength(0), Description("Not supported: only null and an empty list are accepted.")]
    public IReadOnlyList<string>? Integrations { get; init; }

    [JsonPropertyName("validation_share"), Range(FineTuningJobRequest.LeastShare, FineTuningJobRequest.MostShare),
        Description("Part of the training file that is held out. Default 0.2. Not beside a validation file.")]
    public double? ValidationShare { get; init; }

    [JsonPropertyName("early_stopping"), Description("Whether a part of the training rows may end the training early. Default: lstm only.")]
    public bool? EarlyStopping { get; init; }

    [JsonPropertyName("balance_labels"), Description("Whether rare labels weigh as much as frequent ones. Default false.")]
    public bool? BalanceLabels { get; init; }

    [JsonPropertyName("int8"), Description("Whether the model's weights are stored in 8 bits. Default false.")]
    public bool? Int8 { get; init; }

    [JsonPropertyName("budget"), Description("A job that could cost more is refused before its first step.")]
    public TrainingBudgetBody? Budget { get; init; }

    [JsonPropertyName("checkpoint_every"), Range(1, FineTuningJobRequest.MostSteps), Description("Steps between checkpoints. Default 100.")]
    public int? CheckpointEvery { get; init; }
}

/// <summary>How a model is trained.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TrainingMethodBody(
    [property: JsonPropertyName("type"), OneOfTexts("supervised", "head", "encoder", "lstm"),
        Description("head trains a layer over the model's vectors, encoder all weights, lstm a small model of its own.")]
    string Type)
{
    [JsonPropertyName("supervised"), Description("Settings of this type; the others' are absent.")]
    public MethodSettingsBody? Supervised { get; init; }

    [JsonPropertyName("head")]
    public MethodSettingsBody? Head { get; init; }

    [JsonPropertyName("encoder")]
    public MethodSettingsBody? Encoder { get; init; }

    [JsonPropertyName("lstm")]
    public MethodSettingsBody? Lstm { get; init; }

    [JsonPropertyName("dpo"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Dpo { get; init; }

    [JsonPropertyName("reinforcement"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Reinforcement { get; init; }
}

/// <summary>Settings of a method.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MethodSettingsBody
{
    [JsonPropertyName("hyperparameters")]
    public HyperparametersBody? Hyperparameters { get; init; }
}

/// <summary>Numbers of a training.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HyperparametersBody
{
    [JsonPropertyName("n_epochs"), OneOf(typeof(string), typeof(int)), Description("auto, or 1 to 1000 passes.")]
    public object? Epochs { get; init; }

    [JsonPropertyName("batch_size"), OneOf(typeof(string), typeof(int)), Description("auto, or 1 to 1000 rows a step.")]
    public object? BatchSize { get; init; }

    [JsonPropertyName("learning_rate_multiplier"), OneOf(typeof(string), typeof(double)), Description("auto, or up to 1000.")]
    public object? LearningRateMultiplier { get; init; }
}

/// <summary>The most that a job may train or cost.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TrainingBudgetBody
{
    [JsonPropertyName("trained_tokens"), Range(1, FineTuningJobRequest.MostTokens), Description("supervised chooses its method by it.")]
    public long? TrainedTokens { get; init; }

    [JsonPropertyName("usd"), Range(FineTuningJobRequest.LeastUsd, FineTuningJobRequest.MostUsd), Description("US dollars.")]
    public double? Usd { get; init; }
}

/// <summary>A fine-tuning job.</summary>
public sealed record FineTuningJobBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("fine_tuning.job")] string Object,
    [property: JsonPropertyName("created_at"), Description("Unix seconds, as all times.")] long CreatedAt,
    [property: JsonPropertyName("error"), Description("Why it failed.")] JobErrorBody? Error,
    [property: JsonPropertyName("fine_tuned_model"), Description("The trained model; null until it has succeeded.")] string? FineTunedModel,
    [property: JsonPropertyName("finished_at")] long? FinishedAt,
    [property: JsonPropertyName("hyperparameters"), Description("As asked for; once it is planned, as they are used.")]
    JobHyperparametersBody Hyperparameters,
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("organization_id")] string OrganizationId,
    [property: JsonPropertyName("result_files"), Description("A CSV of the figures: step, train_loss, valid_loss, accuracy, macro_f1.")]
    IReadOnlyList<string> ResultFiles)
{
    [JsonPropertyName("seed")]
    public required long Seed { get; init; }

    [JsonPropertyName("status"), OneOfTexts("validating_files", "queued", "running", "paused", "succeeded", "failed", "cancelled")]
    public required string Status { get; init; }

    [JsonPropertyName("trained_tokens"), Description("So far; null before the first run.")]
    public required long? TrainedTokens { get; init; }

    [JsonPropertyName("training_file")]
    public required string TrainingFile { get; init; }

    [JsonPropertyName("validation_file")]
    public required string? ValidationFile { get; init; }

    [JsonPropertyName("estimated_finish")]
    public required long? EstimatedFinish { get; init; }

    [JsonPropertyName("integrations")]
    public required IReadOnlyList<string> Integrations { get; init; }

    [JsonPropertyName("metadata")]
    public required IReadOnlyDictionary<string, string>? Metadata { get; init; }

    [JsonPropertyName("method"), Description("As in the request, with the numbers that are used.")]
    public required IReadOnlyDictionary<string, object> Method { get; init; }

    [JsonPropertyName("suffix")]
    public required string? Suffix { get; init; }

    [JsonPropertyName("plan"), Description("Known before the first step; null until a trainer has read the files.")]
    public required JobPlanBody? Plan { get; init; }

    [JsonPropertyName("progress"), Description("Null before the first run.")]
    public required JobProgressBody? Progress { get; init; }

    [JsonPropertyName("budget")]
    public required JobBudgetBody? Budget { get; init; }

    [JsonPropertyName("cost_usd"),
        Description("Dollars, the sum of the job's usage rows; null until the job has ended and all of them are booked.")]
    public required string? CostUsd { get; init; }
}

/// <summary>Why a job failed.</summary>
public sealed record JobErrorBody(
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("param")] string? Param);

/// <summary>Numbers of a job's training.</summary>
public sealed record JobHyperparametersBody(
    [property: JsonPropertyName("n_epochs"), OneOf(typeof(string), typeof(int))] object Epochs,
    [property: JsonPropertyName("batch_size"), OneOf(typeof(string), typeof(int))] object BatchSize,
    [property: JsonPropertyName("learning_rate_multiplier"), OneOf(typeof(string), typeof(double))] object LearningRateMultiplier);

/// <summary>What a job will do.</summary>
public sealed record JobPlanBody(
    [property: JsonPropertyName("method"), OneOfTexts("head", "encoder", "lstm")] string Method,
    [property: JsonPropertyName("reason"), Description("Why this method.")] string Reason,
    [property: JsonPropertyName("token_bound"), Description("Most tokens that it can train.")] long TokenBound,
    [property: JsonPropertyName("epochs")] int Epochs,
    [property: JsonPropertyName("batch_size")] int BatchSize,
    [property: JsonPropertyName("learning_rate_multiplier")] double LearningRateMultiplier,
    [property: JsonPropertyName("training_rows")] int TrainingRows,
    [property: JsonPropertyName("validation_rows"), Description("Rows that are held out.")] int ValidationRows);

/// <summary>How far a job is.</summary>
public sealed record JobProgressBody(
    [property: JsonPropertyName("stage")] string? Stage,
    [property: JsonPropertyName("step")] long? Step,
    [property: JsonPropertyName("steps")] long? Steps);

/// <summary>As in the request; dollars as a decimal text.</summary>
public sealed record JobBudgetBody(
    [property: JsonPropertyName("trained_tokens")] long? TrainedTokens,
    [property: JsonPropertyName("usd")] string? Usd);

/// <summary>Something that happened to a job.</summary>
public sealed record JobEventBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("fine_tuning.job.event")] string Object,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("level"), OneOfTexts("info", "warn", "error")] string Level,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("type"), OneOfTexts("message", "metrics")] string Type,
    [property: JsonPropertyName("data"), Description("Figures of an event of type metrics.")] JobMetricsBody? Data);

/// <summary>Figures of an event.</summary>
public sealed record JobMetricsBody(
    [property: JsonPropertyName("step")] long? Step,
    [property: JsonPropertyName("steps")] long? Steps,
    [property: JsonPropertyName("epoch")] int? Epoch,
    [property: JsonPropertyName("stage")] string? Stage,
    [property: JsonPropertyName("train_loss")] double? TrainLoss,
    [property: JsonPropertyName("valid_loss")] double? ValidLoss,
    [property: JsonPropertyName("accuracy")] double? Accuracy,
    [property: JsonPropertyName("macro_f1")] double? MacroF1,
    [property: JsonPropertyName("trained_tokens")] long? TrainedTokens);

/// <summary>A checkpoint, from which a run that was interrupted goes on.</summary>
public sealed record CheckpointBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("fine_tuning.job.checkpoint")] string Object,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("fine_tuned_model_checkpoint"), Description("A name; checkpoints are not served.")]
    string FineTunedModelCheckpoint,
    [property: JsonPropertyName("fine_tuning_job_id")] string FineTuningJobId,
    [property: JsonPropertyName("metrics")] CheckpointMetricsBody Metrics,
    [property: JsonPropertyName("step_number")] long StepNumber);

/// <summary>Figures of a checkpoint.</summary>
public sealed record CheckpointMetricsBody(
    [property: JsonPropertyName("step")] long Step,
    [property: JsonPropertyName("train_loss")] double? TrainLoss,
    [property: JsonPropertyName("valid_loss")] double? ValidLoss,
    [property: JsonPropertyName("accuracy")] double? Accuracy);

/// <summary>What a trained model does with rows that it was not trained on.</summary>
public sealed record EvaluationBody(
    [property: JsonPropertyName("rows")] int Rows,
    [property: JsonPropertyName("metrics"), Description("accuracy, macro, micro, labels and confusion.")] object Metrics);

/// <summary>Answer of <c>GET /v1/fine_tuning/jobs</c>.</summary>
public sealed record JobListBody(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<FineTuningJobBody> Data,
    [property: JsonPropertyName("first_id")] string? FirstId,
    [property: JsonPropertyName("last_id"), Description("What after takes for the next page.")] string? LastId,
    [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>Answer of <c>GET /v1/fine_tuning/jobs/{job}/events</c>.</summary>
public sealed record JobEventListBody(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<JobEventBody> Data,
    [property: JsonPropertyName("first_id")] string? FirstId,
    [property: JsonPropertyName("last_id")] string? LastId,
    [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>Answer of <c>GET /v1/fine_tuning/jobs/{job}/checkpoints</c>.</summary>
public sealed record CheckpointListBody(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<CheckpointBody> Data,
    [property: JsonPropertyName("first_id")] string? FirstId,
    [property: JsonPropertyName("last_id")] string? LastId,
    [property: JsonPropertyName("has_more")] bool HasMore);
