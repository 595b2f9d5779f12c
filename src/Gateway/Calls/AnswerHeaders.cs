using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.Calls;

/// <summary>The headers that say what an answer is, whether it comes from a worker or is sent again.</summary>
internal static class AnswerHeaders
{
    /// <summary>The version of the model that answered.</summary>
    public const string ModelVersion = "x-tollgate-model-version";

    /// <summary>States that an answer was kept for its <c>Idempotency-Key</c>.</summary>
    public const string Replayed = "idempotency-replayed";

    public static void OfEvents(HttpResponse response)
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold a stream back until 4 KiB are there.
    }

    /// <param name="model">The model's real name.</param>
    /// <param name="plainText">Whether the answer is plain text instead of JSON.</param>
    public static void OfWhole(
        HttpResponse response, ReadOnlySpan<byte> answer, InferenceEndpoint endpoint, string model, bool plainText)
    {
        response.ContentType = plainText ? "text/plain; charset=utf-8" : "application/json";
        response.ContentLength = answer.Length;
        if (endpoint.HeaderLengthOf(answer) is { } header)
        {
            response.ContentType = TensorBodies.MediaType;
            response.Headers[TensorBodies.HeaderLength] = header.ToString(CultureInfo.InvariantCulture);
        }

        if (endpoint.NamesModelInHeader)
        {
            response.Headers["openai-model"] = model;
        }
    }
}
