using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Benchmarks.Peers;

/// <summary>
/// Speaks the protocol between gateway and worker — bearer, status, units in a header, events that begin with their count, cancel, log —
/// and computes nothing, so that what a gateway costs is not lost in what a model costs. Part of the benchmark alone. Each token's text is
/// the moment at which it was written.
/// </summary>
internal sealed class StubWorker(ServiceTokens tokens, IReadOnlyDictionary<string, double> tokensPerSecond, TimeProvider clock)
{
    private const int PromptTokens = 60;
    private static readonly string[] Callers = ["gateway", "operator"];
    private readonly ConcurrentDictionary<Guid, Running> _running = new();

    /// <summary>The whole worker.</summary>
    public Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (path == "/health/ready")
        {
            return Task.CompletedTask;
        }

        if (!tokens.MayCall(context.Request, Callers))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }

        return path switch
        {
            "/v1/chat/completions" or "/v1/completions" => AnswerAsync(context),
            "/internal/status" => context.Response.WriteAsJsonAsync(Status(), ContractsJson.Default.WorkerStatus),
            "/internal/witness" => context.Response.WriteAsJsonAsync(
                new WitnessPage(Guid.Empty, [], 0), ContractsJson.Default.WitnessPage),
            _ => path.EndsWith("/cancel", StringComparison.Ordinal) ? CancelAsync(context, path) : NotFound(context),
        };
    }

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private WorkerStatus Status() => new(
        "bench", "bench", "cpu", Draining: false, DateTimeOffset.UnixEpoch,
        [.. tokensPerSecond.Keys.Select(name => new ServedModel(Card(name), Ready: true, _running.Count, 0, 100_000))]);

    private static ModelCard Card(string name) => new()
    {
        Name = name,
        Version = "1",
        Task = "chat",
        ContextLength = 1_000_000,
        DefaultMaxOutput = 16,
        Measure = new PromptMeasure(1, TextTokens: 1, IdTokens: 0, new ChatMeasure(8, 8, 1)),
        CreatedAt = DateTimeOffset.UnixEpoch,
    };

    private async Task AnswerAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        ReadResult read;
        while (!(read = await reader.ReadAsync(context.RequestAborted)).IsCompleted)
        {
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        var request = StubRequest.Read(read.Buffer);
        reader.AdvanceTo(read.Buffer.End);
        if (request.Stream)
        {
            await StreamAsync(context, request);
            return;
        }

        var body = StubAnswers.Whole(PromptTokens, request.MaxTokens);
        SetHeaders(context.Response, "application/json", new Units(PromptTokens, Output: request.MaxTokens));
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }

    private async Task StreamAsync(HttpContext context, StubRequest request)
    {
        var id = Guid.TryParseExact(context.Request.Headers[WorkerHeaders.RequestId], "N", out var given) ? given : Guid.NewGuid();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var running = new Running(stop);
        _running[id] = running;
        try
        {
            SetHeaders(context.Response, "text/event-stream; charset=utf-8", new Units(PromptTokens));
            await WriteTokensAsync(context.Response.BodyWriter, request, running, stop.Token);
            StubAnswers.WriteEnd(context.Response.BodyWriter, request.MaxTokens);
            await context.Response.BodyWriter.FlushAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            context.Abort(); // A stream that was cut off must not look like one that ended.
        }
        finally
        {
            _running.TryRemove(id, out _);
            running.Ended.TrySetResult();
        }
    }

    /// <summary>The role and the first token come at once, the others on a fixed schedule that lateness does not move.</summary>
    private async Task WriteTokensAsync(PipeWriter output, StubRequest request, Running running, CancellationToken cancellationToken)
    {
        var perSecond = tokensPerSecond.GetValueOrDefault(request.Model, double.PositiveInfinity);
        var began = clock.GetTimestamp();
        StubAnswers.WriteStart(output);
        for (var token = 1; token <= request.MaxTokens; token++)
        {
            if (token > 1 && double.IsFinite(perSecond))
            {
                var wait = TimeSpan.FromSeconds((token - 1) / perSecond) - clock.GetElapsedTime(began);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, clock, cancellationToken);
                }
            }

            StubAnswers.WriteToken(output, token, clock.GetTimestamp());
            running.Tokens = token;
            await output.FlushAsync(cancellationToken);
        }
    }

    private async Task CancelAsync(HttpContext context, string path)
    {
        var known = Guid.TryParseExact(path.Split('/')[^2], "N", out var id) && _running.TryGetValue(id, out var running) ? running : null;
        if (known is not null)
        {
            await known.Stop.CancelAsync();
            await known.Ended.Task;
        }

        var answer = new Cancelled(known is not null, new Units(PromptTokens, Output: known?.Tokens ?? 0));
        await context.Response.WriteAsJsonAsync(answer, ContractsJson.Default.Cancelled);
    }

    private static void SetHeaders(HttpResponse response, string contentType, Units units)
    {
        response.ContentType = contentType;
        response.Headers[Units.Header] = units.ToString();
        response.Headers[WorkerHeaders.QueueMs] = 0.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// A stream that runs. The source outlives a cancel that comes late, because it is only used while the entry stands.
    /// </summary>
    private sealed class Running(CancellationTokenSource stop)
    {
        public CancellationTokenSource Stop => stop;

        public int Tokens { get; set; }

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
