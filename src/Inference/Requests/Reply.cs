using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Requests;

/// <summary>The answer to one request: a body sent whole, an event stream, or an error while no byte has gone out. One writer.</summary>
internal sealed class Reply(HttpContext context)
{
    /// <summary>Cancelled when the gateway's connection is gone.</summary>
    public CancellationToken Gone => context.RequestAborted;

    /// <summary>Sends an answer whole.</summary>
    /// <param name="units">What the request used.</param>
    /// <param name="queued">How long it waited for a slot.</param>
    public async Task SendAsync(Units units, TimeSpan queued, Action<Utf8JsonWriter> write)
    {
        var response = context.Response;
        response.ContentType = "application/json";
        SetHeaders(units, queued);
        var body = AnswerJson.Write(write);
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, Gone);
    }

    public Task RefuseAsync(OpenAiError error) => ErrorAnswer.WriteAsync(context, error);

    /// <summary>Opens a stream of events. Nothing goes out before the first flush, so an error can still be answered until then.</summary>
    public EventStream OpenEvents() => new(context.Response.BodyWriter);

    /// <summary>Sets the headers of a stream; they go out with its first flush.</summary>
    /// <param name="known">The units that are known now.</param>
    /// <param name="queued">How long the request waited for a slot.</param>
    public void BeginEvents(Units known, TimeSpan queued)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        SetHeaders(known, queued);
    }

    /// <summary>Breaks the connection: a stream that was cut off must not look like one that ended.</summary>
    public void Abort() => context.Abort();

    private void SetHeaders(Units units, TimeSpan queued)
    {
        var headers = context.Response.Headers;
        headers[Units.Header] = units.ToString();
        headers[WorkerHeaders.QueueMs] = ((long)queued.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
    }
}
