using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Anthropic's form of errors.</summary>
public static class AnthropicErrors
{
    /// <summary>The type that Anthropic's clients expect for an error.</summary>
    public static string TypeOf(OpenAiError error) => error switch
    {
        { Status: 429, Type: "insufficient_quota" } => "billing_error",
        { Status: 429 } => "rate_limit_error",
        { Status: 401 } => "authentication_error",
        { Status: 403 } => "permission_error",
        { Status: 404 } => "not_found_error",
        { Status: 413 } => "request_too_large",
        { Status: 504 } => "timeout_error",
        { Status: 503 } => "overloaded_error",
        { Status: >= 500 } => "api_error",
        _ => "invalid_request_error",
    };

    /// <summary>Writes the body, which is also the data of a stream's event <c>error</c>. Code and member at fault stand in
    /// <c>details</c>, where Anthropic has its codes.</summary>
    /// <param name="requestId">As the client sees it.</param>
    public static void Write(Utf8JsonWriter writer, OpenAiError error, string requestId)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "error");
        writer.WriteStartObject("error");
        writer.WriteString("type", TypeOf(error));
        writer.WriteString("message", error.Message);
        writer.WriteStartObject("details");
        writer.WriteString("error_code", error.Code);
        writer.WriteString("param", error.Param);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteString("request_id", requestId);
        writer.WriteEndObject();
    }
}
