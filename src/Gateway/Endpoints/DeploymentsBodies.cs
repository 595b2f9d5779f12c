using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/fine_tuning/deployments</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DeploymentRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), Description("Name of a model that the project has trained.")] string Model)
{
    [JsonPropertyName("name"), RegularExpression("^[a-z0-9][a-z0-9._-]{0,62}$"),
        Description("What requests name as their model; predict for requests of /predict that name none. Default: the job's suffix, or "
            + "the model's name.")]
    public string? Name { get; init; }

    [JsonPropertyName("minimum"), Description("What the model must reach; it holds for later models of the name too.")]
    public DeploymentMinimumBody? Minimum { get; init; }
}

/// <summary>The least value of a metric, on the rows that were held out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DeploymentMinimumBody(
    [property: JsonPropertyName("metric"), OneOfTexts("accuracy", "macro_f1", "roc_auc"),
        Description("roc_auc: of models with two labels.")]
    string Metric,
    [property: JsonPropertyName("value"), Range(0.0, 1.0)] double Value);

/// <summary>A deployment.</summary>
public sealed record DeploymentBody(
    [property: JsonPropertyName("id"), Description("The name.")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("fine_tuning.deployment")] string Object,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("model"), Description("What the name points at; null until its first model is ready.")] string? Model,
    [property: JsonPropertyName("next_model"), Description("What it will point at when that is ready; null when nothing is to change.")]
    string? NextModel,
    [property: JsonPropertyName("previous_model"), Description("What a rollback goes back to.")] string? PreviousModel,
    [property: JsonPropertyName("status"), OneOfTexts("deploying", "ready")] string Status,
    [property: JsonPropertyName("minimum")] DeploymentMinimumBody? Minimum,
    [property: JsonPropertyName("created_at"), Description("Unix seconds, as all times.")] long CreatedAt,
    [property: JsonPropertyName("switched_at"), Description("When it began to point at its model.")] long? SwitchedAt);

/// <summary>Answer of <c>GET /v1/fine_tuning/deployments</c>.</summary>
public sealed record DeploymentListBody(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<DeploymentBody> Data,
    [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>Answer to a deletion of a deployment.</summary>
public sealed record DeletedDeploymentBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("fine_tuning.deployment")] string Object,
    [property: JsonPropertyName("deleted")] bool Deleted);

/// <summary>A trained model.</summary>
public sealed record TrainedModelBody(
    [property: JsonPropertyName("id"), Description("Its name.")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("fine_tuning.model")] string Object,
    [property: JsonPropertyName("base_model"), Description("lstm for a model that was trained from nothing.")] string BaseModel,
    [property: JsonPropertyName("job"), Description("The job that trained it.")] string Job,
    [property: JsonPropertyName("method")] string Method,
    [property: JsonPropertyName("labels"), Description("In the order of their numbers.")] IReadOnlyList<string> Labels,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("accuracy"), Description("On the rows that were held out, as the next two.")] double Accuracy,
    [property: JsonPropertyName("macro_f1")] double MacroF1,
    [property: JsonPropertyName("roc_auc"), Description("Null for more than two labels.")] double? RocAuc,
    [property: JsonPropertyName("deployed_as"), Description("Names that point at it.")] IReadOnlyList<string> DeployedAs,
    [property: JsonPropertyName("created_at"), Description("Unix seconds.")] long CreatedAt);

/// <summary>Answer of <c>GET /v1/fine_tuning/models</c>.</summary>
public sealed record TrainedModelListBody(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<TrainedModelBody> Data,
    [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>Answer to a deletion of a trained model.</summary>
public sealed record DeletedTrainedModelBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("fine_tuning.model")] string Object,
    [property: JsonPropertyName("deleted")] bool Deleted);

/// <summary>What stays of a deleted model.</summary>
public sealed record TrainedModelReceiptBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("fine_tuning.model.deletion_receipt")] string Object,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("sha256"), Description("Of the content, hexadecimal.")] string Sha256,
    [property: JsonPropertyName("created_at"), Description("Unix seconds.")] long CreatedAt,
    [property: JsonPropertyName("deleted_at"), Description("Unix seconds. From here on nothing could read the content.")] long DeletedAt,
    [property: JsonPropertyName("deleted_by"), Description("The key that asked.")] string DeletedBy,
    [property: JsonPropertyName("content_removed"), Description("Whether the sealed bytes have left the store too.")] bool ContentRemoved,
    [property: JsonPropertyName("signature")] FileReceiptSignature Signature);

/// <summary>Examples of the bodies.</summary>
internal static class DeploymentExamples
{
    public static readonly BodyExample Request = new(
        "deployment",
        """{"model":"ft-tiny-embed-mood-8000000000ab","name":"mood","minimum":{"metric":"accuracy","value":0.8}}""");

    public static readonly BodyExample Deployment = new(
        "deployment",
        """
        {"id":"mood","object":"fine_tuning.deployment","name":"mood","model":"ft-tiny-embed-mood-8000000000ab","next_model":null,
        "previous_model":null,"status":"ready","minimum":{"metric":"accuracy","value":0.8},"created_at":1790000000,
        "switched_at":1790000002}
        """);

    public static readonly BodyExample List = new(
        "deployments", $$"""{"object":"list","data":[{{Deployment.Json}}],"has_more":false}""");

    public static readonly BodyExample Deleted = new(
        "deleted", """{"id":"mood","object":"fine_tuning.deployment","deleted":true}""");

    public static readonly BodyExample Models = new(
        "models",
        """
        {"object":"list","data":[{"id":"ft-tiny-embed-mood-8000000000ab","object":"fine_tuning.model","base_model":"tiny-embed",
        "job":"ftjob-0195aaaa0000700080008000000000ab","method":"head","labels":["bad","good"],"bytes":10455040,"accuracy":0.91,
        "macro_f1":0.9,"roc_auc":0.96,"deployed_as":["mood"],"created_at":1790000000}],"has_more":false}
        """);

    public static readonly BodyExample DeletedModel = new(
        "deleted", """{"id":"ft-tiny-embed-mood-8000000000ab","object":"fine_tuning.model","deleted":true}""");

    public static readonly BodyExample Receipt = new(
        "receipt",
        """
        {"id":"ft-tiny-embed-mood-8000000000ab","object":"fine_tuning.model.deletion_receipt","bytes":10455040,
        "sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","created_at":1790000000,"deleted_at":1790003600,
        "deleted_by":"key_0195aaaa00007000800000000000000d","content_removed":true,
        "signature":{"algorithm":"HMAC-SHA256","key":"k1","text":"tollgate model receipt 1\n…","value":"5e88"}}
        """);

    /// <summary>Query of <c>GET /v1/fine_tuning/models</c>.</summary>
    public static readonly IReadOnlyList<OpenApiParameter> ListParameters =
    [
        Parameter("after", "The list continues behind the model of this name.", new OpenApiSchema { Type = JsonSchemaType.String }),
        Parameter(
            "limit", "Most models. Default 20.", new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "100" }),
    ];

    private static OpenApiParameter Parameter(string name, string description, OpenApiSchema schema) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Schema = schema };
}
