using Microsoft.OpenApi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Examples of the bodies of fine-tuning jobs.</summary>
internal static class FineTuningExamples
{
    private const string EventId = "ftevent-0195aaaa00007000800000000000002e";
    private const string CheckpointId = "ftckpt-0195aaaa00007000800000000000003e";

    public static readonly BodyExample Request = new(
        "job",
        """
        {"model":"tiny-embed","training_file":"file-0195aaaa00007000800000000000000f","suffix":"reviews","seed":7,
        "method":{"type":"head","head":{"hyperparameters":{"n_epochs":"auto"}}},"budget":{"usd":2},"metadata":{"run":"nightly"}}
        """);

    public static readonly BodyExample Job = new(
        "job",
        """
        {"id":"ftjob-0195aaaa00007000800000000000001e","object":"fine_tuning.job","created_at":1790000000,"error":null,
        "fine_tuned_model":"ft-tiny-embed-reviews-80000000001e","finished_at":1790000120,
        "hyperparameters":{"n_epochs":60,"batch_size":32,"learning_rate_multiplier":1},"model":"tiny-embed",
        "organization_id":"org-0195aaaa00007000800000000000000a","result_files":["file-0195aaaa00007000800000000000004e"],"seed":7,
        "status":"succeeded","trained_tokens":18240,"training_file":"file-0195aaaa00007000800000000000000f","validation_file":null,
        "estimated_finish":null,"integrations":[],"metadata":{"run":"nightly"},
        "method":{"type":"head","head":{"hyperparameters":{"n_epochs":60,"batch_size":32,"learning_rate_multiplier":1}}},
        "suffix":"reviews","plan":{"method":"head","reason":"The settings name it.","token_bound":18240,"epochs":60,"batch_size":32,
        "learning_rate_multiplier":1,"training_rows":800,"validation_rows":200},
        "progress":{"stage":"finished","step":1500,"steps":1500},"budget":{"trained_tokens":null,"usd":"2"},"cost_usd":"0.0091"}
        """);

    public static readonly BodyExample Event = new(
        "event",
        $$$"""
        {"id":"{{{EventId}}}","object":"fine_tuning.job.event","created_at":1790000060,"level":"info",
        "message":"Epoch 2 measured at step 100/1500, validation loss=0.41, accuracy=0.82","type":"metrics",
        "data":{"step":100,"steps":1500,"epoch":2,"stage":"training","train_loss":null,"valid_loss":0.41,"accuracy":0.82,"macro_f1":0.81,
        "trained_tokens":1216}}
        """);

    public static readonly BodyExample Checkpoint = new(
        "checkpoint",
        $$"""
        {"id":"{{CheckpointId}}","object":"fine_tuning.job.checkpoint","created_at":1790000060,
        "fine_tuned_model_checkpoint":"ft-tiny-embed-reviews-80000000001e:step-100",
        "fine_tuning_job_id":"ftjob-0195aaaa00007000800000000000001e",
        "metrics":{"step":100,"train_loss":0.4,"valid_loss":0.41,"accuracy":0.82},"step_number":100}
        """);

    public static readonly BodyExample Evaluation = new(
        "evaluation", """{"rows":200,"metrics":{"accuracy":0.9,"macro":{"precision":0.9,"recall":0.9,"f1":0.9}}}""");

    public static readonly BodyExample Jobs = List("jobs", Job, "ftjob-0195aaaa00007000800000000000001e");

    public static readonly BodyExample Events = List("events", Event, EventId);

    public static readonly BodyExample Checkpoints = List("checkpoints", Checkpoint, CheckpointId);

    /// <summary>Query of <c>GET /v1/fine_tuning/jobs</c>.</summary>
    public static readonly IReadOnlyList<OpenApiParameter> JobQuery =
    [
        .. Page("job", 20),
        Parameter(
            "metadata", "Only jobs with these pairs, such as metadata[run]=nightly; the text null for jobs without any.",
            new OpenApiSchema { Type = JsonSchemaType.String }),
    ];

    /// <summary>Query of a job's events.</summary>
    public static readonly IReadOnlyList<OpenApiParameter> EventQuery =
    [
        .. Page("event", 20),
        Parameter(
            "stream", "true sends all events as server-sent events while they happen, until the job has ended; then data: [DONE].",
            new OpenApiSchema { Type = JsonSchemaType.Boolean }),
    ];

    /// <summary>Query of a job's checkpoints.</summary>
    public static readonly IReadOnlyList<OpenApiParameter> CheckpointQuery = Page("checkpoint", 10);

    private static IReadOnlyList<OpenApiParameter> Page(string what, int usual) =>
    [
        Parameter("after", $"The list continues behind the {what} of this id.", new OpenApiSchema { Type = JsonSchemaType.String }),
        Parameter(
            "limit", $"Most of a page. Default {usual}.",
            new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "100" }),
    ];

    private static BodyExample List(string name, BodyExample one, string id) => new(
        name, $$"""{"object":"list","data":[{{one.Json}}],"first_id":"{{id}}","last_id":"{{id}}","has_more":false}""");

    private static OpenApiParameter Parameter(string name, string description, OpenApiSchema schema) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Schema = schema };
}
