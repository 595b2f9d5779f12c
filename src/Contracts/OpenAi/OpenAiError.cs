using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// An error in OpenAI's format: <c>{"error":{"message","type","param","code"}}</c>, always with all four members. Factories here create
/// every error of <c>/v1</c>, for gateways and workers alike.
/// </summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Type">Such as <c>invalid_request_error</c>.</param>
/// <param name="Code">Such as <c>model_not_found</c>; null where OpenAI has none.</param>
/// <param name="Message">Text for the client, including what to do.</param>
/// <param name="Param">The request member at fault, in path form such as <c>messages[0].role</c>.</param>
public sealed partial record OpenAiError(int Status, string Type, string? Code, string Message, string? Param = null)
{
    /// <summary>Sent as <c>Retry-After</c> (whole seconds, at least 1) and <c>retry-after-ms</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Sent as <c>x-should-retry</c>, which overrides all other retry rules of official clients.</summary>
    public bool? ShouldRetry { get; init; }

    /// <summary>The limit that refused the request, such as <c>key.tpm</c>; sent as <c>x-tollgate-binding-limit</c>.</summary>
    public string? BindingLimit { get; init; }

    /// <summary>The code of <see cref="ModelNotFound"/>.</summary>
    public const string ModelNotFoundCode = "model_not_found";

    public static OpenAiError ModelNotFound(string model) => new(
        404,
        InvalidRequest,
        ModelNotFoundCode,
        $"The model '{Shorten(model)}' does not exist or you do not have access to it.",
        "model");

    /// <summary>Adds how the operator gets a model for an endpoint.</summary>
    public OpenAiError WithSource(PublicEndpoint endpoint) => this with { Message = $"{Message} {ModelSources.HowToInstall(endpoint)}" };

    /// <summary>Returns the body as UTF-8.</summary>
    public byte[] ToJson() => Utf8Json.Write(this, static (error, writer) => error.WriteTo(writer));

    /// <summary>Writes the body, which is also the payload of a stream's error frame.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteString("message", Message);
        writer.WriteString("type", Type);
        writer.WriteString("param", Param);
        writer.WriteString("code", Code);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
