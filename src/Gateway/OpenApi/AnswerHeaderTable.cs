using Microsoft.OpenApi;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;

namespace Tollgate.Gateway.OpenApi;

/// <summary>The headers of the API's answers that mean something to a client.</summary>
internal static class AnswerHeaderTable
{
    /// <summary>Headers of an answer, whatever its status.</summary>
    public static readonly IReadOnlyList<string> Always = ["x-request-id", "openai-version", "openai-processing-ms"];

    /// <summary>Headers of an answer to a known key.</summary>
    public static readonly IReadOnlyList<string> OfKey = ["openai-organization", "openai-project"];

    /// <summary>Headers of an answer to a known key that asked to run a model.</summary>
    public static readonly IReadOnlyList<string> Limits =
    [
        "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests",
        "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens",
    ];

    /// <summary>Headers of an answer that a model generated.</summary>
    public static readonly IReadOnlyList<string> Generated =
        ["x-tollgate-queue-ms", AnswerHeaders.ModelVersion, AnswerHeaders.Replayed, "x-tollgate-original-request-id"];

    /// <summary>Headers of an answer to a client of Anthropic, beside those of every answer.</summary>
    public static readonly IReadOnlyList<string> OfAnthropic = ["request-id"];

    /// <summary>Headers of an answer to a client of Anthropic whose key is known, beside those of OpenAI.</summary>
    public static readonly IReadOnlyList<string> OfAnthropicKey =
    [
        "anthropic-organization-id",
        "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset",
        "anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset",
    ];

    /// <summary>Headers of an error of the Open Inference Protocol, beside those of every answer.</summary>
    public static readonly IReadOnlyList<string> OfTensorError = ["x-tollgate-error"];

    /// <summary>The model's real name, where the body is not always read.</summary>
    public const string Model = "openai-model";

    /// <summary>Where the bytes of tensors begin.</summary>
    public const string TensorsBegin = "inference-header-content-length";

    private static readonly Dictionary<string, (JsonSchemaType Type, string Description)> Table = new(StringComparer.Ordinal)
    {
        ["x-request-id"] = (JsonSchemaType.String, "Id of the request, req_ and 32 hexadecimal digits. Usage rows carry it."),
        ["openai-version"] = (JsonSchemaType.String, "Version of the wire format."),
        ["openai-processing-ms"] = (JsonSchemaType.Integer, "Milliseconds until the answer began."),
        ["openai-organization"] = (JsonSchemaType.String, "Organization of the key."),
        ["openai-project"] = (JsonSchemaType.String, "Project of the key."),
        [Model] = (JsonSchemaType.String, "The model's real name."),
        [TensorsBegin] = (
            JsonSchemaType.Integer, "Bytes of the JSON, behind which tensors in binary form follow. Absent where none does."),
        ["x-ratelimit-limit-requests"] = (JsonSchemaType.Integer, "Requests of the tightest limit. Absent without a limit."),
        ["x-ratelimit-remaining-requests"] = (JsonSchemaType.Integer, "Requests left of that limit."),
        ["x-ratelimit-reset-requests"] = (JsonSchemaType.String, "Time until that limit is whole again, such as 6m0s or 120ms."),
        ["x-ratelimit-limit-tokens"] = (JsonSchemaType.Integer, "Tokens of the tightest limit. Absent without a limit."),
        ["x-ratelimit-remaining-tokens"] = (JsonSchemaType.Integer, "Tokens left of that limit."),
        ["x-ratelimit-reset-tokens"] = (JsonSchemaType.String, "Time until that limit is whole again, such as 6m0s or 120ms."),
        ["request-id"] = (JsonSchemaType.String, "The same as x-request-id."),
        ["anthropic-organization-id"] = (JsonSchemaType.String, "The same as openai-organization."),
        ["anthropic-ratelimit-requests-limit"] = (JsonSchemaType.Integer, "Requests of the tightest limit. Absent without a limit."),
        ["anthropic-ratelimit-requests-remaining"] = (JsonSchemaType.Integer, "Requests left of that limit."),
        ["anthropic-ratelimit-requests-reset"] = (JsonSchemaType.String, "When that limit is whole again, by RFC 3339."),
        ["anthropic-ratelimit-tokens-limit"] = (JsonSchemaType.Integer, "Tokens of the tightest limit. Absent without a limit."),
        ["anthropic-ratelimit-tokens-remaining"] = (JsonSchemaType.Integer, "Tokens left of that limit."),
        ["anthropic-ratelimit-tokens-reset"] = (JsonSchemaType.String, "When that limit is whole again, by RFC 3339."),
        ["x-tollgate-queue-ms"] = (JsonSchemaType.Integer, "Milliseconds that the request waited for a free place."),
        [AnswerHeaders.ModelVersion] = (
            JsonSchemaType.String, "The version of the model that answered. Absent in an answer that was kept."),
        ["x-tollgate-error"] = (JsonSchemaType.String, "Stable name of the error, such as model_not_found."),
        [AnswerHeaders.Replayed] = (
            JsonSchemaType.String, "true for an answer that was kept for its Idempotency-Key. It is not billed again."),
        ["x-tollgate-original-request-id"] = (JsonSchemaType.String, "The request whose answer was kept."),
        ["retry-after"] = (JsonSchemaType.Integer, "Seconds to wait before a retry."),
        ["retry-after-ms"] = (JsonSchemaType.Integer, "The same in milliseconds."),
        ["x-should-retry"] = (JsonSchemaType.String, "true or false: whether the same request can succeed later."),
        ["x-tollgate-binding-limit"] = (JsonSchemaType.String, "The limit that refused the request, such as key.tpm."),
        ["www-authenticate"] = (JsonSchemaType.String, "How to authenticate."),
    };

    /// <summary>The headers that an error brings with it.</summary>
    public static IEnumerable<string> Of(OpenAiError error)
    {
        if (error.RetryAfter is not null)
        {
            yield return "retry-after";
            yield return "retry-after-ms";
        }

        if (error.ShouldRetry is not null)
        {
            yield return "x-should-retry";
        }

        if (error.BindingLimit is not null)
        {
            yield return "x-tollgate-binding-limit";
        }

        if (error.Status == 401)
        {
            yield return "www-authenticate";
        }
    }

    /// <summary>All headers, for the document's components.</summary>
    public static Dictionary<string, IOpenApiHeader> Components() => Table.ToDictionary(
        header => header.Key,
        header => (IOpenApiHeader)new OpenApiHeader
        {
            Description = header.Value.Description,
            Schema = new OpenApiSchema { Type = header.Value.Type },
        },
        StringComparer.Ordinal);

    /// <summary>Adds headers to a response, each once.</summary>
    public static void AddTo(OpenApiResponse response, OpenApiDocument document, params IEnumerable<string> names)
    {
        response.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            response.Headers[name] = new OpenApiHeaderReference(name, document);
        }
    }
}
