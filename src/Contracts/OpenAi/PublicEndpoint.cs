using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// One scope of the public API and its routes. Key scopes, the portal's checkboxes, the gateway's routes and its 404 and 405 answers, paths
/// at workers and metrics derive from this list. Each scope's gateway code is in one file of the gateway's <c>Endpoints</c> folder.
/// </summary>
/// <param name="Scope">Name in key scopes, usage rows and log lines.</param>
/// <param name="Label">Name in the portal.</param>
/// <param name="Operation">Value of <c>gen_ai.operation.name</c> in metrics.</param>
/// <param name="Routes">What a key with the scope may call; clients and workers use the first one.</param>
public sealed record PublicEndpoint(string Scope, string Label, string Operation, IReadOnlyList<PublicRoute> Routes)
{
    /// <summary>A scope whose routes all have one method.</summary>
    public PublicEndpoint(string scope, string method, string label, string operation, params IReadOnlyList<string> paths)
        : this(scope, label, operation, [.. paths.Select(path => new PublicRoute(method, path))])
    {
    }

    public static readonly PublicEndpoint ChatCompletions = new("chat.completions", "POST", "Chat", "chat", "/v1/chat/completions")
    {
        Task = ModelTask.Chat,
    };

    /// <summary>The wire of Anthropic's clients. The second route only counts the tokens of a prompt.</summary>
    public static readonly PublicEndpoint Messages = new(
        "messages", "POST", "Messages", "messages", "/v1/messages", "/v1/messages/count_tokens")
    {
        Task = ModelTask.Chat,
        Wire = ApiWire.Anthropic,
    };

    public static readonly PublicEndpoint Completions = new(
        "completions", "POST", "Completions", "text_completion", "/v1/completions", "/v1/engines/{engine}/completions")
    {
        Task = ModelTask.Chat,
    };

    /// <summary>Conversations whose answers are kept; what is kept, the service Learning answers.</summary>
    public static readonly PublicEndpoint Responses = new(
        "responses", "Responses", "responses",
        [
            new("POST", "/v1/responses"),
            new("GET", "/v1/responses/{response}"),
            new("DELETE", "/v1/responses/{response}"),
            new("POST", "/v1/responses/{response}/cancel"),
            new("GET", "/v1/responses/{response}/input_items"),
        ])
    {
        Task = ModelTask.Chat,
        Wire = ApiWire.Responses,
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
        DefaultModel = PredictRequest.DefaultModel,
    };

    /// <summary>Classifiers of pictures serve it too.</summary>
    public static readonly PublicEndpoint Moderations = new("moderations", "POST", "Moderations", "moderation", "/v1/moderations")
    {
        Task = ModelTask.Classification,
        Upload = UploadKind.Image,
        DefaultModel = ModerationRequest.DefaultModel,
    };

    public static readonly PublicEndpoint ImageClassifications = new(
        "images.classifications", "POST", "Image classification", "image_classification", "/v1/images/classifications")
    {
        Task = ModelTask.ImageClassification,
        Bodies = BodyTypes.Json | BodyTypes.Form,
        Upload = UploadKind.Image,
    };

    public static readonly PublicEndpoint ImageDetections = new(
        "images.detections", "POST", "Object detection", "image_detection", "/v1/images/detections")
    {
        Task = ModelTask.ImageDetection,
        Bodies = BodyTypes.Json | BodyTypes.Form,
        Upload = UploadKind.Image,
    };

    public static readonly PublicEndpoint ImageOcr = new("images.ocr", "POST", "Text in pictures", "image_ocr", "/v1/images/ocr")
    {
        Task = ModelTask.Ocr,
        Bodies = BodyTypes.Json | BodyTypes.Form,
        Upload = UploadKind.Image,
    };

    public static readonly PublicEndpoint AudioTranscriptions = new(
        "audio.transcriptions", "POST", "Transcriptions", "transcription", "/v1/audio/transcriptions")
    {
        Task = ModelTask.Transcription,
        Bodies = BodyTypes.Form,
        Upload = UploadKind.Audio,
    };

    public static readonly PublicEndpoint AudioTranslations = new(
        "audio.translations", "POST", "Translations of speech", "translation", "/v1/audio/translations")
    {
        Task = ModelTask.Transcription,
        Bodies = BodyTypes.Form,
        Upload = UploadKind.Audio,
    };

    public static readonly PublicEndpoint ImageGenerations = new(
        "images.generations", "POST", "Image generation", "image_generation", "/v1/images/generations")
    {
        Task = ModelTask.ImageGeneration,
    };

    /// <summary>Models of any kind by the Open Inference Protocol, version 2. The GET routes describe the server and its models.</summary>
    public static readonly PublicEndpoint Tensors = new(
        "tensors", "Models of any kind", "tensors",
        [
            new("POST", "/v2/models/{model}/infer"),
            new("POST", "/v2/models/{model}/versions/{version}/infer"),
            new("GET", "/v2"),
            new("GET", "/v2/health/live"),
            new("GET", "/v2/health/ready"),
            new("GET", "/v2/models/{model}"),
            new("GET", "/v2/models/{model}/ready"),
            new("GET", "/v2/models/{model}/versions/{version}"),
            new("GET", "/v2/models/{model}/versions/{version}/ready"),
        ])
    {
        Task = ModelTask.Tensors,
        Bodies = BodyTypes.Json | BodyTypes.Tensors,
        Upload = UploadKind.Tensors,
        Wire = ApiWire.OpenInference,
    };

    public static readonly PublicEndpoint Models = new("models", "GET", "Look up models", "models", "/v1/models", "/v1/models/{*model}");

    /// <summary>Files and uploads, which the service Learning answers.</summary>
    public static readonly PublicEndpoint Files = new(
        "files", "Files", "files",
        [
            new("POST", "/v1/files"),
            new("GET", "/v1/files"),
            new("GET", "/v1/files/{file}"),
            new("DELETE", "/v1/files/{file}"),
            new("GET", "/v1/files/{file}/content"),
            new("GET", "/v1/files/{file}/receipt"),
            new("GET", "/v1/files/{file}/validation"),
            new("POST", "/v1/uploads"),
            new("GET", "/v1/uploads/{upload}"),
            new("POST", "/v1/uploads/{upload}/parts"),
            new("POST", "/v1/uploads/{upload}/complete"),
            new("POST", "/v1/uploads/{upload}/cancel"),
        ])
    {
        Bodies = BodyTypes.Json | BodyTypes.Form,
        Upload = UploadKind.File,
    };

    /// <summary>Batches of requests, which the service Learning runs.</summary>
    public static readonly PublicEndpoint Batches = new(
        "batches", "Batches", "batches",
        [
            new("POST", "/v1/batches"),
            new("GET", "/v1/batches"),
            new("GET", "/v1/batches/{batch}"),
            new("POST", "/v1/batches/{batch}/cancel"),
        ]);

    /// <summary>Fine-tuning jobs, which the service Learning keeps and trainers run.</summary>
    public static readonly PublicEndpoint FineTuning = new(
        "fine_tuning", "Fine-tuning", "fine_tuning",
        [
            new("POST", "/v1/fine_tuning/jobs"),
            new("GET", "/v1/fine_tuning/jobs"),
            new("GET", "/v1/fine_tuning/jobs/{job}"),
            new("POST", "/v1/fine_tuning/jobs/{job}/cancel"),
            new("POST", "/v1/fine_tuning/jobs/{job}/pause"),
            new("POST", "/v1/fine_tuning/jobs/{job}/resume"),
            new("GET", "/v1/fine_tuning/jobs/{job}/events"),
            new("GET", "/v1/fine_tuning/jobs/{job}/checkpoints"),
            new("GET", "/v1/fine_tuning/jobs/{job}/evaluation"),
            new("POST", "/v1/fine_tuning/deployments"),
            new("GET", "/v1/fine_tuning/deployments"),
            new("GET", "/v1/fine_tuning/deployments/{deployment}"),
            new("POST", "/v1/fine_tuning/deployments/{deployment}/rollback"),
            new("DELETE", "/v1/fine_tuning/deployments/{deployment}"),
            new("GET", "/v1/fine_tuning/models"),
            new("DELETE", "/v1/fine_tuning/models/{model}"),
            new("GET", "/v1/fine_tuning/models/{model}/receipt"),
            new("POST", "/v1/fine_tuning/federated"),
            new("GET", "/v1/fine_tuning/federated"),
            new("GET", "/v1/fine_tuning/federated/{job}"),
            new("POST", "/v1/fine_tuning/federated/{job}/cancel"),
            new("GET", "/v1/fine_tuning/federated/{job}/result"),
        ]);

    /// <summary>Runs of fine-tuning jobs. Not one of <see cref="All"/>: only the internal door serves it, see
    /// <see cref="Learning.TrainingOrder"/>.</summary>
    public static readonly PublicEndpoint TrainingRuns = new(
        "fine_tuning", "POST", "Fine-tuning", "fine_tuning", "/v1/fine_tuning/runs")
    {
        Task = ModelTask.Training,
    };

    /// <summary>What participants of a federated training call. A scope apart, so that their keys can do nothing else.</summary>
    public static readonly PublicEndpoint Federated = new(
        "federated", "Take part in federated training", "federated",
        [
            new("GET", "/v1/fine_tuning/federated/{job}/round"),
            new("POST", "/v1/fine_tuning/federated/{job}/messages"),
        ]);

    /// <summary>OpenAI's admin API, which Accounts answers for admin keys. Not one of <see cref="All"/>: no API key can have its scope.
    /// </summary>
    public static readonly PublicEndpoint Organization = new("organization", "Organization settings", "organization", AdminRoutes.All);

    /// <summary>All endpoints that an API key can call, in the order of the portal and of the API's documentation.</summary>
    public static readonly IReadOnlyList<PublicEndpoint> All =
    [
        ChatCompletions, Messages, Completions, Responses, Embeddings, Rerank, Classifications, Predict, Moderations, ImageClassifications,
        ImageDetections, ImageOcr, AudioTranscriptions, AudioTranslations, ImageGenerations, Tensors, Models, Files, Batches, FineTuning,
        Federated,
    ];

    /// <summary>Every endpoint that gateways serve at their public door.</summary>
    public static readonly IReadOnlyList<PublicEndpoint> Served = [.. All, Organization];

    /// <summary>Route templates, each once.</summary>
    public IReadOnlyList<string> Paths { get; } = [.. Routes.Select(route => route.Path).Distinct(StringComparer.Ordinal)];

    /// <summary>The first of <see cref="Paths"/>.</summary>
    public string Path => Paths[0];

    /// <summary>Task of the models that serve the endpoint, as in their cards; null when it runs no model.</summary>
    public ModelTask? Task { get; init; }

    /// <summary>The model of a request that names none, an alias for the operator to set; null where a request must name one.</summary>
    public string? DefaultModel { get; init; }

    /// <summary>Media types of bodies that the endpoint reads. Default JSON.</summary>
    public BodyTypes Bodies { get; init; } = BodyTypes.Json;

    /// <summary>How its streams end and its errors look. Default OpenAI's.</summary>
    public ApiWire Wire { get; init; }

    /// <summary>What a body carries beside text, which decides how large it may be. Default nothing.</summary>
    public UploadKind Upload { get; init; }
}

/// <summary>A method and a path of the public API.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Route template.</param>
public sealed record PublicRoute(string Method, string Path);

/// <summary>How the streams of an endpoint end and its errors look.</summary>
public enum ApiWire
{
    /// <summary>As those of OpenAI's chats.</summary>
    OpenAi = 0,

    /// <summary>As those of OpenAI's responses: the same errors, other streams.</summary>
    Responses,

    /// <summary>As those of Anthropic's messages.</summary>
    Anthropic,

    /// <summary>As those of the Open Inference Protocol, which has no streams.</summary>
    OpenInference,
}

/// <summary>Media types of a request's body.</summary>
[Flags]
public enum BodyTypes
{
    None = 0,

    /// <summary><c>application/json</c>.</summary>
    Json = 1,

    /// <summary><c>multipart/form-data</c>.</summary>
    Form = 2,

    /// <summary><c>application/octet-stream</c>: JSON with the bytes of tensors behind it.</summary>
    Tensors = 4,
}

/// <summary>What a body carries beside text, as part of a form or as base64 text. The operator limits each kind.</summary>
public enum UploadKind
{
    None = 0,

    Audio,

    Image,

    /// <summary>Tensors of any model.</summary>
    Tensors,

    /// <summary>A file that is kept, which passes on without being read.</summary>
    File,
}
