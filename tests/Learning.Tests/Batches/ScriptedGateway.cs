using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;

namespace Tollgate.Learning.Tests.Batches;

/// <summary>A call of a line, or of a response in the background.</summary>
/// <param name="Number">The number in the line's text.</param>
/// <param name="Try">From 1: how often the line was asked for.</param>
internal sealed record ScriptedCall(int Number, int Try, string IdempotencyKey, string Path, string KeyPublicId, string ServiceClass)
{
    /// <summary>Of a response in the background; empty for a line.</summary>
    public string Response { get; init; } = "";

    /// <summary>That the service gives; empty for a line.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>Cancelled when the service has left the call.</summary>
    public CancellationToken Left { get; init; }
}

/// <summary>What the door answers.</summary>
internal sealed record ScriptedAnswer(int Status, string Body, params (string Name, string Value)[] Headers)
{
    /// <summary>Null in place of an answer: the connection breaks.</summary>
    public static ScriptedAnswer? Broken => null;

    public static ScriptedAnswer Of(OpenAiError error) => new(
        error.Status, Encoding.UTF8.GetString(error.ToJson()),
        [
            .. error.RetryAfter is { } after ? [("retry-after-ms", $"{after.TotalMilliseconds:0}")] : ((string, string)[])[],
            .. error.ShouldRetry is { } retry ? [("x-should-retry", retry ? "true" : "false")] : ((string, string)[])[],
        ]);
}

/// <summary>
/// The gateway's internal door, and Billing's, with answers that a test decides. As the real one does, it remembers answers by their
/// Idempotency-Key, and gives an earlier answer in place of running a line again.
/// </summary>
internal sealed class ScriptedGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, (string Id, ScriptedAnswer Answer)> _kept = [];
    private readonly ConcurrentDictionary<int, int> _tries = [];

    private ScriptedGateway(WebApplication app) => _app = app;

    /// <summary>Every call in the order of its arrival.</summary>
    public ConcurrentQueue<ScriptedCall> Calls { get; } = [];

    /// <summary>How often each line was run, replays not counted.</summary>
    public ConcurrentDictionary<int, int> Runs { get; } = [];

    /// <summary>Decides an answer. Default: 200.</summary>
    public Func<ScriptedCall, Task<ScriptedAnswer?>> Script { get; set; } = _ => Task.FromResult<ScriptedAnswer?>(Answer());

    public string Url => _app.Urls.Single();

    public static ScriptedAnswer Answer() => new(
        200,
        """
        {"object":"chat.completion",
         "choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8,
         "prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":1}}}
        """);

    public static async Task<ScriptedGateway> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var gateway = new ScriptedGateway(builder.Build());
        gateway._app.MapPost("/internal/calls/{**path}", gateway.AnswerAsync);
        gateway._app.MapPost("/internal/organizations/{id}/usage/costs", PriceAsync);
        await gateway._app.StartAsync();
        return gateway;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context, string path)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var text = body.RootElement.TryGetProperty("input", out var input)
            ? input.GetString()! : body.RootElement.GetProperty("messages")[0].GetProperty("content").GetString()!;
        var number = int.Parse(text, CultureInfo.InvariantCulture);
        var key = context.Request.Headers["Idempotency-Key"].ToString();
        var call = new ScriptedCall(
            number, _tries.AddOrUpdate(number, 1, (_, tries) => tries + 1), key, $"/{path}",
            context.Request.Headers[InternalCalls.KeyHeader].ToString(), context.Request.Headers["x-tollgate-service-class"].ToString())
        {
            Response = context.Request.Headers[InternalCalls.ResponseHeader].ToString(),
            RequestId = context.Request.Headers[WorkerHeaders.RequestId].ToString(),
            Left = context.RequestAborted,
        };
        Calls.Enqueue(call);
        var own = $"req_{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}";
        if (!_kept.TryGetValue(key, out var kept))
        {
            if (await Script(call) is not { } answer)
            {
                context.Abort();
                return;
            }

            kept = (own, answer);
            if (answer.Status < 400)
            {
                if (_kept.TryAdd(key, kept))
                {
                    Runs.AddOrUpdate(number, 1, (_, runs) => runs + 1);
                }
                else
                {
                    kept = _kept[key];
                }
            }
        }

        context.Response.StatusCode = kept.Answer.Status;
        context.Response.ContentType = "application/json";
        context.Response.Headers["x-request-id"] = own;
        if (kept.Id != own)
        {
            context.Response.Headers["x-tollgate-original-request-id"] = kept.Id;
        }

        foreach (var (name, value) in kept.Answer.Headers)
        {
            context.Response.Headers[name] = value;
        }

        await context.Response.WriteAsync(kept.Answer.Body);
    }

    /// <summary>Billing's: each request costs a thousandth of a dollar.</summary>
    private static async Task PriceAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var ids = body.RootElement.EnumerateObject().Single().Value.EnumerateArray().Select(id => id.GetGuid()).Distinct().Count();
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(JsonSerializer.Serialize(new { booked = ids, amount = ids * 0.001m }));
    }
}
