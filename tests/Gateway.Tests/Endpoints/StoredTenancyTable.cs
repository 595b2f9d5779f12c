namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>What one route answers to keys of another project and of another organization.</summary>
/// <param name="Route">Method and path. Names in braces are ids of the project.</param>
/// <param name="Foreign">Status of the answer to others; null for a route that only makes something of the caller's own.</param>
/// <param name="Own">Status of the answer to the project's own key; null where it is not asked, as it would change something.</param>
internal sealed record StoredRow(string Route, int? Foreign, int? Own = null)
{
    /// <summary>A body that names what is the project's; null for none.</summary>
    public string? Body { get; init; }

    /// <summary>Query string with its question mark.</summary>
    public string Query { get; init; } = "";
}

/// <summary>
/// Every route that an API key can call, except those of <see cref="EveryTask"/>, which run a model: what is stored belongs to a project,
/// and is not there for any other.
/// </summary>
internal static class StoredTenancyTable
{
    public static IReadOnlyList<StoredRow> Rows { get; } =
    [
        new("GET /v1/responses/{response}", 404, 200),
        new("DELETE /v1/responses/{response}", 404),
        new("POST /v1/responses/{response}/cancel", 404),
        new("GET /v1/responses/{response}/input_items", 404, 200),

        new("GET /v2", 200, 200),
        new("GET /v2/health/live", 200, 200),
        new("GET /v2/health/ready", 200, 200),
        new("GET /v2/models/{model}", 404),
        new("GET /v2/models/{model}/ready", 404),
        new("GET /v2/models/{model}/versions/1", 404),
        new("GET /v2/models/{model}/versions/1/ready", 404),
        new("GET /v1/models", 200, 200),
        new("GET /v1/models/{model}", 404, 200),

        new("POST /v1/files", null),
        new("GET /v1/files", 200, 200),
        new("GET /v1/files/{file}", 404, 200),
        new("DELETE /v1/files/{file}", 404),
        new("GET /v1/files/{file}/content", 404, 200),
        new("GET /v1/files/{deletedFile}/receipt", 404, 200),
        new("GET /v1/files/{file}/validation", 404, 200),
        new("POST /v1/uploads", null),
        new("GET /v1/uploads/{upload}", 404, 200),
        new("POST /v1/uploads/{upload}/parts", 404),
        new("POST /v1/uploads/{upload}/complete", 404) { Body = """{"part_ids":["{part}"]}""" },
        new("POST /v1/uploads/{upload}/cancel", 404),

        new("POST /v1/batches", 404)
        {
            Body = """{"input_file_id":"{batchFile}","endpoint":"/v1/chat/completions","completion_window":"24h"}""",
        },
        new("GET /v1/batches", 200, 200),
        new("GET /v1/batches/{batch}", 404, 200),
        new("POST /v1/batches/{batch}/cancel", 404),

        new("POST /v1/fine_tuning/jobs", 404) { Body = """{"model":"lstm","training_file":"{file}"}""" },
        new("GET /v1/fine_tuning/jobs", 200, 200),
        new("GET /v1/fine_tuning/jobs/{job}", 404, 200),
        new("POST /v1/fine_tuning/jobs/{job}/cancel", 404),
        new("POST /v1/fine_tuning/jobs/{job}/pause", 404),
        new("POST /v1/fine_tuning/jobs/{job}/resume", 404),
        new("GET /v1/fine_tuning/jobs/{job}/events", 404, 200),
        new("GET /v1/fine_tuning/jobs/{job}/checkpoints", 404, 200),
        new("GET /v1/fine_tuning/jobs/{job}/evaluation", 404),
        new("POST /v1/fine_tuning/deployments", 404) { Body = """{"model":"{model}","name":"stolen"}""" },
        new("GET /v1/fine_tuning/deployments", 200, 200),
        new("GET /v1/fine_tuning/deployments/{deployment}", 404, 200),
        new("POST /v1/fine_tuning/deployments/{deployment}/rollback", 404),
        new("DELETE /v1/fine_tuning/deployments/{deployment}", 404),
        new("GET /v1/fine_tuning/models", 200, 200),
        new("DELETE /v1/fine_tuning/models/{model}", 404),
        new("GET /v1/fine_tuning/models/{deletedModel}/receipt", 404, 200),
        new("POST /v1/fine_tuning/federated", null),
        new("GET /v1/fine_tuning/federated", 200, 200),
        new("GET /v1/fine_tuning/federated/{federated}", 404, 200),
        new("POST /v1/fine_tuning/federated/{federated}/cancel", 404),
        new("GET /v1/fine_tuning/federated/{federated}/result", 404, 400),
        new("GET /v1/fine_tuning/federated/{federated}/round", 404, 200) { Query = "?participant=2" },
        new("POST /v1/fine_tuning/federated/{federated}/messages", 404) { Body = "{message}" },
    ];
}
