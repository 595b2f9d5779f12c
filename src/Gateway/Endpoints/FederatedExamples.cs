using Microsoft.OpenApi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Examples of the bodies of federated trainings.</summary>
internal static class FederatedExamples
{
    public const string Id = "fed-0195aaaa00007000800000000000002e";

    private const string Hash = "91b6e09bd4d7a0a4a2f4f14ad4b1f6a2b9a5f13e77f4f2a8a6c7a0a0f33e1f5c";
    private const string North =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2vXHXRfp+GbQrnp6faMO+/Wc/9SlMXF4l+jcuerM+emKUuiUGnMHB5C8LG02d1Z5tM24hjYhYWZ3FOuB3xkI+w==";

    private const string South =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEX+XSNQvLcd9yarjo/jS50G7Ss+aNINaZfiZPMmJLX8sQjw3AzCEzcs1zDWza/O0gHlX4C01BlK8bBCGGG+fN/Q==";

    private const string West =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhzT5nghqqQWZ4VdmE7a1XpxSP0cwPbUNU0YUHijkjgsrxWX6EllyzlG5K+Y6wZyhAPBRi31yJPGOrb/4AA4b7w==";

    public static readonly BodyExample Request = new(
        "federated",
        $$"""
        {"base_model":{"name":"minilm","sha256":"{{Hash}}","width":384},"labels":["negative","positive"],
        "participants":[{"name":"north","public_key":"{{North}}"},{"name":"south","public_key":"{{South}}"},
        {"name":"west","public_key":"{{West}}"}],"minimum":3,"rounds":10,"noise_multiplier":4}
        """);

    public static readonly BodyExample Job = new(
        "federated_job",
        $$"""
        {"id":"{{Id}}","object":"fine_tuning.federated_job","status":"running","error":null,"created_at":1790000000,
        "started_at":1790000060,"finished_at":null,"task":{{Task}},"task_sha256":"{{Hash}}","round":2,"attempt":1,"phase":"keys",
        "phase_ends_at":1790000700,"participants":[{"number":1,"name":"north","key_sha256":"{{Hash}}","joined_at":1790000010,
        "is_absent":false}],"ended_rounds":[{"round":1,"attempts":1,"members":[1,2,3]}],"epsilon":1.03,"evaluation":null}
        """);

    public static readonly BodyExample List = new(
        "federated_jobs", $$"""{"object":"list","data":[{{Job.Json}}],"first_id":"{{Id}}","last_id":"{{Id}}","has_more":false}""");

    public static readonly BodyExample Result = new(
        "federated_result",
        $$"""
        {"task":{{Task}},"weights":"AAAAAAAA8D8=","evaluation":{"rows":117,"accuracy":0.8974,"macro_f1":0.8971,
        "counts":[[52,6],[6,53]]},"noisy_sums":11,"epsilon":4.13}
        """);

    public static readonly BodyExample Round = new(
        "federated_round",
        $$"""
        {"status":"running","task":{{Task}},"round":2,"attempt":1,"phase":"unmask","phase_ends_at":1790000700,"is_done":false,
        "has_joined":true,"masked":[1,2,3]}
        """);

    public static readonly BodyExample Message = new(
        "federated_message",
        """{"participant":1,"round":2,"attempt":1,"phase":"masked","payload":"jD8AUdAoYyE=","signature":"bm90IGEgcmVhbCBvbmU="}""");

    public static readonly BodyExample Taken = new(
        "federated_taken", """{"object":"fine_tuning.federated_message","taken":true}""");

    /// <summary>Query of <c>GET /v1/fine_tuning/federated</c>.</summary>
    public static readonly IReadOnlyList<OpenApiParameter> ListParameters =
    [
        Parameter("after", "The list continues behind the training of this id.", new OpenApiSchema { Type = JsonSchemaType.String }),
        Parameter(
            "limit", "Most trainings. Default 20.", new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "100" }),
    ];

    private static string Task =>
        $$"""
        {"id":"{{Id}}","base_model":{"name":"minilm","sha256":"{{Hash}}","width":384},"labels":["negative","positive"],"rounds":10,
        "minimum":3,"privacy":{"clip_norm":2,"noise_multiplier":4,"delta":0.00001},"training":{"epochs":10,"batch_size":16,
        "learning_rate":0.01,"penalty":0.05,"most_tokens":256,"validation_share":0.2,"seed":1},"evaluation_rows":200,
        "phase_seconds":600,"attempts":3,"participants":[{"name":"north","public_key":"{{North}}"},
        {"name":"south","public_key":"{{South}}"},{"name":"west","public_key":"{{West}}"}]}
        """;

    private static OpenApiParameter Parameter(string name, string description, OpenApiSchema schema) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Schema = schema };
}
