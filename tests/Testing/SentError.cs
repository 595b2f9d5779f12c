using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tollgate.Testing;

/// <summary>An error as a client reads it, in OpenAI's shape, in Anthropic's or in that of the Open Inference Protocol.</summary>
/// <param name="Param">Of the Open Inference Protocol the first name in the text.</param>
public sealed partial record SentError(string? Code, string? Param, string Type, string Message, ErrorShape Shape)
{
    /// <param name="body">The body of an answer, or the data of a stream's last event.</param>
    /// <param name="code">The header <c>x-tollgate-error</c>, which an answer of the Open Inference Protocol has.</param>
    public static SentError Read(JsonElement body, string? code = null)
    {
        var error = body.GetProperty("error");
        if (error.ValueKind == JsonValueKind.String)
        {
            return new SentError(code, ParamOf(error.GetString()!), "", error.GetString()!, ErrorShape.OpenInference);
        }

        var isAnthropic = body.TryGetProperty("type", out var kind) && kind.GetString() == "error";
        var (names, member) = isAnthropic ? (error.GetProperty("details"), "error_code") : (error, "code");
        return new SentError(
            names.GetProperty(member).GetString(), names.GetProperty("param").GetString(), error.GetProperty("type").GetString()!,
            error.GetProperty("message").GetString()!, isAnthropic ? ErrorShape.Anthropic : ErrorShape.OpenAi);
    }

    /// <summary>The same of an answer with its headers.</summary>
    public static SentError Read(JsonElement body, HttpResponseMessage response) =>
        Read(body, response.Headers.TryGetValues("x-tollgate-error", out var codes) ? codes.Single() : null);

    private static string? ParamOf(string message)
    {
        var named = Named().Match(message);
        return message.StartsWith("The model '", StringComparison.Ordinal) ? "model" : named.Success ? named.Groups[1].Value : null;
    }

    [GeneratedRegex("(?:'|supplied: )([^' ]+)")]
    private static partial Regex Named();
}

/// <summary>Shapes of errors.</summary>
public enum ErrorShape
{
    OpenAi = 0,

    Anthropic,

    /// <summary>A text alone.</summary>
    OpenInference,
}
