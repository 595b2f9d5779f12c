using System.Globalization;
using System.Text;
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

    /// <summary>Sends an answer of plain text whole.</summary>
    /// <inheritdoc cref="SendAsync"/>
    public async Task SendTextAsync(Units units, TimeSpan queued, string text)
    {
        var response = context.Response;
        response.ContentType = "text/plain; charset=utf-8";
        SetHeaders(units, queued);
        var body = Encoding.UTF8.GetBytes(text);
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, Gone);
    }

    /// <summary>Sends an answer of JSON with bytes behind it.</summary>
    /// <param name="parts">The JSON, and what follows it.</param>
    /// <inheritdoc cref="SendAsync"/>
    public async Task SendPartsAsync(Units units, TimeSpan queued, IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        var response = context.Response;
        response.ContentType = parts.Count == 1 ? "application/json" : TensorBodies.MediaType;
        SetHeaders(units, queued);
        response.ContentLength = parts.Sum(part => (long)part.Length);
        foreach (var part in parts)
        {
            await response.Body.WriteAsync(part, Gone);
        }
    }

    /// <summary>Answers with an error; breaks the connection where events have gone out.</summary>
    public Task RefuseAsync(OpenAiError error)
    {
        if (!context.Response.HasStarted)
        {
            return ErrorAnswer.WriteAsync(context, error);
        }

        Abort();
        return Task.CompletedTask;
    }

    /// <summary>Answers with an error, and states what was computed before it: work without an answer.</summary>
    /// <inheritdoc cref="RefuseAsync(OpenAiError)"/>
    public Task RefuseAsync(OpenAiError error, Units computed)
    {
        context.Response.Headers[Units.Header] = computed.ToString();
        return RefuseAsync(error);
    }

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
