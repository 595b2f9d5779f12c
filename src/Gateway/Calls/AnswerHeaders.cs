using Microsoft.AspNetCore.Http;

namespace Tollgate.Gateway.Calls;

/// <summary>The headers that say what an answer is, whether it comes from a worker or is sent again.</summary>
internal static class AnswerHeaders
{
    public static void OfEvents(HttpResponse response)
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold a stream back until 4 KiB are there.
    }

    /// <param name="model">The model's real name.</param>
    public static void OfJson(HttpResponse response, int length, InferenceEndpoint endpoint, string model)
    {
        response.ContentType = "application/json";
        response.ContentLength = length;
        if (endpoint.NamesModelInHeader)
        {
            response.Headers["openai-model"] = model;
        }
    }
}
