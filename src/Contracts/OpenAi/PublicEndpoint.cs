using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// One endpoint of the public API. Key scopes, the portal's checkboxes, the gateway's routes and its 404 and 405 answers, paths at workers
/// and metrics derive from this list. Each endpoint's gateway code is in one file of the gateway's <c>Endpoints</c> folder.
/// </summary>
/// <param name="Scope">Name in key scopes, usage rows and log lines.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Label">Name in the portal.</param>
/// <param name="Operation">Value of <c>gen_ai.operation.name</c> in metrics.</param>
/// <param name="Paths">Route templates; clients and workers use the first one.</param>
public sealed record PublicEndpoint(string Scope, string Method, string Label, string Operation, params IReadOnlyList<string> Paths)
{
    public static readonly PublicEndpoint ChatCompletions = new("chat.completions", "POST", "Chat", "chat", "/v1/chat/completions")
    {
        Task = ModelTask.Chat,
    };

    public static readonly PublicEndpoint Completions = new(
        "completions", "POST", "Completions", "text_completion", "/v1/completions", "/v1/engines/{engine}/completions")
    {
        Task = ModelTask.Chat,
    };

    public static readonly PublicEndpoint Embeddings = new("embeddings", "POST", "Embeddings", "embeddings", "/v1/embeddings")
    {
        Task = ModelTask.Embeddings,
    };

    /// <summary>Cohere's newer clients call the second path.</summary>
    public static readonly PublicEndpoint Rerank = new("rerank", "POST", "Rerank", "rerank", "/v1/rerank", "/v2/rerank")
    {
        Task = ModelTask.Rerank,
    };

    public static readonly PublicEndpoint Classifications = new(
        "classifications", "POST", "Classifications", "classification", "/v1/classifications")
    {
        Task = ModelTask.Classification,
    };

    /// <summary>The endpoint of the usual Flask tutorial, also below the base URL of OpenAI's clients.</summary>
    public static readonly PublicEndpoint Predict = new("predict", "POST", "Predict", "predict", "/predict", "/v1/predict")
    {
        Task = ModelTask.Classification,
    };

    public static readonly PublicEndpoint Moderations = new("moderations", "POST", "Moderations", "moderation", "/v1/moderations")
    {
        Task = ModelTask.Classification,
    };

    public static readonly PublicEndpoint Models = new("models", "GET", "Look up models", "models", "/v1/models", "/v1/models/{*model}");

    /// <summary>All endpoints, in the order of the portal and of the API's documentation.</summary>
    public static readonly IReadOnlyList<PublicEndpoint> All =
        [ChatCompletions, Completions, Embeddings, Rerank, Classifications, Predict, Moderations, Models];

    /// <summary>The first of <see cref="Paths"/>.</summary>
    public string Path => Paths[0];

    /// <summary>Task of the models that serve the endpoint, as in their cards; null when it runs no model.</summary>
    public ModelTask? Task { get; init; }
}
