using System.Globalization;
using System.Net;
using System.Text.Json;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Clients;

/// <summary>A whole answer of the API.</summary>
internal sealed class ApiAnswer
{
    private readonly Dictionary<string, string> _headers;
    private readonly Lazy<JsonElement> _json;

    public ApiAnswer(HttpResponseMessage response, string body)
    {
        Status = response.StatusCode;
        Body = body;
        MediaType = response.Content.Headers.ContentType?.MediaType;
        _headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase);
        _json = new Lazy<JsonElement>(() => JsonElement.Parse(body));
    }

    public HttpStatusCode Status { get; }

    public string Body { get; }

    public string? MediaType { get; }

    public JsonElement Json => _json.Value;

    /// <summary>The id in <c>x-request-id</c>.</summary>
    public Guid RequestId =>
        RequestIds.Parse(Header("x-request-id") ?? throw new InvalidOperationException($"No x-request-id beside {Body}"));

    /// <summary>The tokens that the answer states.</summary>
    public AnswerUsage Usage => AnswerUsage.Read(Json.GetProperty("usage"));

    /// <summary>The first choice's text, of a chat or a completion.</summary>
    public string Text
    {
        get
        {
            var choice = Json.GetProperty("choices")[0];
            return choice.TryGetProperty("text", out var text)
                ? text.GetString()!
                : choice.GetProperty("message").GetProperty("content").GetString()!;
        }
    }

    /// <summary>The error object; fails when the body is not one with all members of its shape.</summary>
    public ApiError Error
    {
        get
        {
            var error = SentError.Read(Json, Header("x-tollgate-error"));
            Assert.True(error.Shape == ErrorShape.OpenInference || Json.GetProperty("error").EnumerateObject().Select(member => member.Name)
                .Order().SequenceEqual(
                    error.Shape == ErrorShape.Anthropic ? ["details", "message", "type"] : ["code", "message", "param", "type"]));
            return new ApiError(error.Message, error.Type, error.Param, error.Code);
        }
    }

    /// <summary>A header's value, or null.</summary>
    public string? Header(string name) => _headers.GetValueOrDefault(name);
}

/// <summary>An error in OpenAI's shape or in Anthropic's.</summary>
internal sealed record ApiError(string Message, string Type, string? Param, string? Code);

/// <summary>The <c>usage</c> of an answer.</summary>
internal sealed record AnswerUsage(long Prompt, long Completion)
{
    public static AnswerUsage Read(JsonElement usage) => new(
        usage.GetProperty("prompt_tokens").GetInt64(),
        usage.TryGetProperty("completion_tokens", out var completion) ? completion.GetInt64() : 0);
}

/// <summary>Request ids as clients see them.</summary>
internal static class RequestIds
{
    /// <summary>Reads <c>req_&lt;32 hex&gt;</c>.</summary>
    public static Guid Parse(string text)
    {
        Assert.StartsWith("req_", text, StringComparison.Ordinal);
        return Guid.ParseExact(text["req_".Length..], "N");
    }

    /// <summary>A number of a header, such as <c>retry-after</c>.</summary>
    public static double Number(string? header) => double.Parse(header ?? "NaN", CultureInfo.InvariantCulture);
}
