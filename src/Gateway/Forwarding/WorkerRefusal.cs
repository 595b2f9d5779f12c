using System.Globalization;
using System.Net;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.Forwarding;

/// <summary>Reads a worker's error. Only the members of OpenAI's shape are taken over, so that nothing else of a worker's reaches a
/// client.</summary>
internal static class WorkerRefusal
{
    private const int LargestBody = 64 * 1024;

    /// <summary>What an answer other than 200 means for the request.</summary>
    public static async Task<AttemptEnd> ReadAsync(HttpResponseMessage response, string model, CancellationToken cancellationToken)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotFound: // It has unloaded the model since it was asked last.
                return new AttemptEnd(OpenAiError.ModelUnavailable(model, TimeSpan.FromSeconds(1)), Retry.Elsewhere);
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden: // Our bearer, not the client's key.
            case < HttpStatusCode.BadRequest:
                return new AttemptEnd(OpenAiError.UpstreamFailed(), Retry.Elsewhere);
        }

        var error = await ReadErrorAsync(response, cancellationToken) ?? OpenAiError.UpstreamFailed();
        var isOfWorker = error.Status >= 500 || error.Status == (int)HttpStatusCode.TooManyRequests;
        var retry = isOfWorker && error.ShouldRetry != false ? Retry.Elsewhere : Retry.Never;
        return new AttemptEnd(error, retry)
        {
            NoPlace = error is { Status: 503, Code: OpenAiError.OverloadedCode },
            Computed = retry == Retry.Never && WorkerAnswer.TryReadUnits(response, out var computed) ? computed : default,
        };
    }

    private static async Task<OpenAiError?> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
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
                RetryAfter = ReadRetryAfter(response),
                ShouldRetry = Header(response, "x-should-retry") is { } value ? value == "true" : null,
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

    private static TimeSpan? ReadRetryAfter(HttpResponseMessage response) =>
        double.TryParse(Header(response, "retry-after-ms"), NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds)
        && milliseconds is >= 0 and < 86_400_000
            ? TimeSpan.FromMilliseconds(milliseconds)
            : response.Headers.RetryAfter?.Delta;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
