using System.Net;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Measures;
using Tollgate.Gateway.Memory;
using Tollgate.Gateway.Workers;

namespace Tollgate.Gateway.Forwarding;

/// <summary>A copy of a request for another version of its model.</summary>
/// <param name="Body">What is sent to the worker.</param>
internal sealed record ShadowCopy(string Version, WorkerBody Body);

/// <summary>
/// Sends copies of requests to versions that read along. A copy has an id of its own, no hold, no journal record and no usage row; its
/// answer is measured and thrown away. It runs beside the request, which neither waits for it nor notices how it ends; beyond
/// <see cref="MostAtOnce"/> copies further ones are dropped. Thread-safe.
/// </summary>
internal sealed partial class ShadowTraffic(
    WorkerPool pool, ForwardingParts parts, VersionMeasures measures, ILogger<ShadowTraffic> logger)
{
    public const int MostAtOnce = 4;

    private int _running;

    /// <summary>Begins a copy of an admitted request, or drops it.</summary>
    public void Begin(RunningRequest running, ShadowCopy copy)
    {
        if (Interlocked.Increment(ref _running) > MostAtOnce)
        {
            End(running.Model, "dropped");
            return;
        }

        var call = new ShadowCall(
            running.Model, running.OrganizationId, running.Endpoint, running.Request.Stream, copy);
        _ = Task.Run(() => RunAsync(call), CancellationToken.None);
    }

    private async Task RunAsync(ShadowCall call)
    {
        var outcome = "dropped";
        try
        {
            outcome = pool.Pick(call.Model, version: call.Copy.Version) is { } worker ? await SendAsync(worker, call) : outcome;
        }
#pragma warning disable CA1031 // Whatever becomes of a copy, nobody waits for it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(logger, call.Model, call.Copy.Version, exception.Message);
            measures.Note(call.Model, call.Copy.Version, shadow: true, answered: null);
            outcome = "failed";
        }
        finally
        {
            End(call.Model, outcome);
        }
    }

    private void End(string model, string outcome)
    {
        Interlocked.Decrement(ref _running);
        parts.Metrics.ShadowEnded(model, outcome);
    }

    /// <returns>The outcome, as metrics show it.</returns>
    private async Task<string> SendAsync(Worker worker, ShadowCall call)
    {
        var started = parts.Clock.GetTimestamp();
        var id = Guid.CreateVersion7(parts.Clock.GetUtcNow());
        using var limit = new CancellationTokenSource(parts.Options.Value.AnswerTimeout, parts.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, parts.Drain.DrainBegun);
        worker.Enter();
        try
        {
            using var message = Message(worker, call, id);
            using var answer = await parts.Client.SendAsync(message, either.Token);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                // A worker without a place for it is none of its faults, and what the client wrote is not either.
                return answer.StatusCode < HttpStatusCode.InternalServerError || answer.StatusCode == HttpStatusCode.ServiceUnavailable
                    ? "dropped" : throw new HttpRequestException($"The worker answered {(int)answer.StatusCode}.");
            }

            await ReadAsync(answer, call, either.Token);
            measures.Note(call.Model, call.Copy.Version, shadow: true, parts.Clock.GetElapsedTime(started));
            return "answered";
        }
        catch (OperationCanceledException)
        {
            await parts.Client.CancelAsync(worker, id, parts.Options.Value.CancelTimeout, parts.Clock);
            if (!parts.Drain.DrainBegun.IsCancellationRequested)
            {
                throw;
            }

            return "dropped";
        }
        finally
        {
            worker.Leave();
        }
    }

    private HttpRequestMessage Message(Worker worker, ShadowCall call, Guid id)
    {
        var message = parts.Client.Request(HttpMethod.Post, worker, call.Endpoint.WorkerPath);
        message.Headers.TryAddWithoutValidation(WorkerHeaders.RequestId, id.ToString("N"));
        message.Headers.TryAddWithoutValidation(WorkerHeaders.Organization, call.OrganizationId.ToString("N"));
        message.Headers.TryAddWithoutValidation(WorkerHeaders.Version, call.Copy.Version);
        message.Headers.TryAddWithoutValidation(WorkerHeaders.Shadow, "1");
        message.Content = new ReadOnlyMemoryContent(call.Copy.Body.Bytes) { Headers = { ContentType = call.Copy.Body.ContentType } };
        return message;
    }

    /// <summary>Reads an answer to its end.</summary>
    /// <exception cref="IOException">It breaks off, or breaks the rules of a stream.</exception>
    private static async Task ReadAsync(HttpResponseMessage answer, ShadowCall call, CancellationToken cancellationToken)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        using var buffer = new PooledBuffer(16 * 1024);
        var (tokens, end) = (0L, ScanEnd.NeedsMore);
        while (await stream.ReadAsync(buffer.Free(), cancellationToken) is var read and > 0)
        {
            buffer.Advance(read);
            if (!call.Streamed || end != ScanEnd.NeedsMore)
            {
                buffer.Consume(buffer.Length);
                continue;
            }

            var events = EventScanner.Scan(buffer.Written.Span, tokens, long.MaxValue, call.Endpoint.Wire);
            (tokens, end) = (events.Tokens, events.End);
            buffer.Consume(events.Length + events.Next);
            if (buffer.Length > call.Endpoint.LargestEvent)
            {
                throw new IOException("An event of the stream is too large.");
            }
        }

        if (call.Streamed && end != ScanEnd.Done)
        {
            throw new IOException("The stream broke.");
        }
    }

    [LoggerMessage(1, LogLevel.Information, "A copy of a request to model {Model} version {Version} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string model, string version, string reason);

    private sealed record ShadowCall(
        string Model, Guid OrganizationId, InferenceEndpoint Endpoint, bool Streamed, ShadowCopy Copy);
}
