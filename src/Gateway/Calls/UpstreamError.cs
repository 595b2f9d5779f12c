using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Calls;

/// <summary>Reads an error of a worker or of another service behind the gateway. Only the members of OpenAI's shape and the known headers
/// are taken over, so that nothing else of it reaches a client.</summary>
internal static class UpstreamError
{
    private const int LargestBody = 64 * 1024;

    /// <summary>Null for an answer that is no error of OpenAI's shape.</summary>
    public static async Task<OpenAiError?> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/json" || response.Content.Headers.ContentLength > LargestBody)
        {
            return null;
        }

        try
        {
            await response.Content.LoadIntoBufferAsync(LargestBody, cancellationToken);
            using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            var error = document.RootElement.GetProperty("error");
            return new OpenAiError(
                (int)response.StatusCode, Text(error, "type") ?? "server_error", Text(error, "code"), Text(error, "message") ?? "",
                Text(error, "param"))
            {
                RetryAfter = InternalError.ReadRetryAfter(response),
                ShouldRetry = InternalError.ReadHeader(response, "x-should-retry") is { } value ? value == "true" : null,
                BindingLimit = InternalError.ReadHeader(response, InternalError.BindingLimit),
            };
        }
        catch (Exception exception) when (exception is JsonException or HttpRequestException or IOException or InvalidOperationException
            or KeyNotFoundException)
        {
            return null; // Not an error of OpenAI's shape: the caller puts one in its place.
        }
    }

    private static string? Text(JsonElement error, string member) =>
        error.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
