using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;

namespace Tollgate.Learning.Tests.Jobs;

/// <summary>A run or a plan that was asked for.</summary>
internal sealed class ScriptedRun(HttpContext context, TrainingOrder order)
{
    public TrainingOrder Order => order;

    public string IdempotencyKey { get; } = context.Request.Headers["Idempotency-Key"].ToString();

    public string KeyPublicId { get; } = context.Request.Headers[InternalCalls.KeyHeader].ToString();

    /// <summary>The trainer that Learning wants; empty for any.</summary>
    public string Trainer { get; } = context.Request.Headers[WorkerHeaders.Worker].ToString();

    public Guid RequestId { get; } =
        Guid.TryParseExact(context.Request.Headers[WorkerHeaders.RequestId], "N", out var id) ? id : Guid.Empty;

    /// <summary>Cancelled when Learning drops the stream.</summary>
    public CancellationToken Dropped => context.RequestAborted;

    public async Task SendAsync(long id, TrainingEvent said)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers["x-request-id"] = $"req_{RequestId:N}";
        }

        await context.Response.WriteAsync(
            $"id: {id}\ndata: {JsonSerializer.Serialize(said, ContractsJson.Default.TrainingEvent)}\n\n", context.RequestAborted);
    }

    public Task StartAsync(string trainer = "trainer-1", long step = 0) =>
        SendAsync(0, new TrainingEvent(TrainingEventKind.Started) { Trainer = trainer, Step = step });

    /// <param name="tokens">Of the whole job.</param>
    public Task CheckpointAsync(long id, long step, long tokens) => SendAsync(id, new TrainingEvent(TrainingEventKind.Checkpoint)
    {
        Stage = "training", Step = step, Steps = 100, TrainedTokens = tokens, SecondsLeft = 60,
    });

    public Task EpochAsync(long id, long step, double accuracy) => SendAsync(id, new TrainingEvent(TrainingEventKind.Epoch)
    {
        Stage = "training", Step = step, Steps = 100, Epoch = 1, TrainLoss = 0.5, ValidLoss = 0.4, Accuracy = accuracy, MacroF1 = 0.7,
    });

    public async Task FinishAsync(long id, long tokens)
    {
        await SendAsync(id, new TrainingEvent(TrainingEventKind.Finished) { TrainedTokens = tokens });
        await context.Response.WriteAsync("data: [DONE]\n\n", context.RequestAborted);
    }

    /// <summary>The connection breaks.</summary>
    public void Break() => context.Abort();

    public async Task RefuseAsync(OpenAiError error)
    {
        context.Response.StatusCode = error.Status;
        context.Response.ContentType = "application/json";
        if (error.RetryAfter is { } after)
        {
            context.Response.Headers["retry-after-ms"] = $"{after.TotalMilliseconds:0}";
        }

        if (error.ShouldRetry is { } retry)
        {
            context.Response.Headers["x-should-retry"] = retry ? "true" : "false";
        }

        await context.Response.Body.WriteAsync(error.ToJson());
    }
}

/// <summary>The gateway's internal door with a trainer behind it, and Billing's, with answers that a test decides.</summary>
internal sealed class ScriptedTrainer : IAsyncDisposable
{
    public static readonly TrainingPlan Plan = new("head", "The settings name it.", 1000, 60, 32, 1, 8, 2);
    private readonly WebApplication _app;

    private ScriptedTrainer(WebApplication app) => _app = app;

    /// <summary>Every run in the order of its arrival.</summary>
    public ConcurrentQueue<ScriptedRun> Runs { get; } = [];

    public ConcurrentQueue<ScriptedRun> Plans { get; } = [];

    /// <summary>Null for <see cref="Plan"/>.</summary>
    public Func<ScriptedRun, OpenAiError?> Planning { get; set; } = _ => null;

    public Func<ScriptedRun, Task> Script { get; set; } = _ => Task.CompletedTask;

    /// <summary>US dollars of requests that are booked; others cost a thousandth of a dollar.</summary>
    public ConcurrentDictionary<Guid, decimal> Costs { get; } = [];

    public string Url => _app.Urls.Single();

    public static async Task<ScriptedTrainer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var trainer = new ScriptedTrainer(builder.Build());
        trainer._app.MapPost("/internal/calls/v1/fine_tuning/runs", trainer.AnswerAsync);
        trainer._app.MapPost("/internal/organizations/{id}/usage/costs", trainer.PriceAsync);
        await trainer._app.StartAsync();
        return trainer;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var order = (await context.Request.ReadFromJsonAsync(ContractsJson.Default.TrainingOrder))!;
        var run = new ScriptedRun(context, order);
        if (!order.Stream)
        {
            Plans.Enqueue(run);
            await (Planning(run) is { } error ? run.RefuseAsync(error)
                : context.Response.WriteAsJsonAsync(Plan, ContractsJson.Default.TrainingPlan));
            return;
        }

        Runs.Enqueue(run);
        try
        {
            await Script(run);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task PriceAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var ids = body.RootElement.EnumerateObject().Single().Value.EnumerateArray().Select(id => id.GetGuid()).Distinct().ToList();
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(JsonSerializer.Serialize(
            new { booked = ids.Count, amount = ids.Sum(id => Costs.TryGetValue(id, out var cost) ? cost : 0.001m) }));
    }
}
