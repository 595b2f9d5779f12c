using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// An error in OpenAI's shape: <c>{"error":{"message","type","param","code"}}</c>, all four always present. Every error of <c>/v1</c> is
/// made by one of the factories here, at the gateway and at the worker alike.
/// </summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Type">Such as <c>invalid_request_error</c>.</param>
/// <param name="Code">Such as <c>model_not_found</c>; null where OpenAI has none.</param>
/// <param name="Message">What the client reads; says what to do.</param>
/// <param name="Param">The request member at fault, in path form such as <c>messages[0].role</c>.</param>
public sealed partial record OpenAiError(int Status, string Type, string? Code, string Message, string? Param = null)
{
    /// <summary>Sent as <c>Retry-After</c> (whole seconds, at least 1) and <c>retry-after-ms</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Sent as <c>x-should-retry</c>, which official clients obey above all else.</summary>
    public bool? ShouldRetry { get; init; }

    /// <summary>The limit that refused, such as <c>key.tpm</c>; sent as <c>x-tollgate-binding-limit</c>.</summary>
    public string? BindingLimit { get; init; }

    public static OpenAiError ModelNotFound(string model) => new(
        404,
        InvalidRequest,
        "model_not_found",
        $"The model '{Shorten(model)}' does not exist or you do not have access to it.",
        "model");

    /// <summary>The body as UTF-8.</summary>
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
