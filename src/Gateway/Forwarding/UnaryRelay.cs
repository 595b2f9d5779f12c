using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Metering;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Memory;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Answers in one piece. The worker's answer is read to its end before the ticket is closed and the first byte goes out: a worker that dies
/// in the middle has then cost nothing, and another can be tried.
/// </summary>
internal sealed partial class UnaryRelay(ForwardingParts parts, ILogger<UnaryRelay> logger)
{
    public async Task<AttemptEnd> RunAsync(RunningRequest running, Attempt attempt, HttpResponseMessage answer)
    {
        // The prompt was counted before anything was computed, and the hold pays for no more of it.
        if (!WorkerAnswer.TryReadUnits(answer, out var units)
            || !(units with { Input = 0, Cached = 0 }).IsWithin(running.Ticket.Bound))
        {
            LogUncounted(
                logger, running.Call.PublicRequestId, attempt.Worker.Url, WorkerAnswer.UnitsText(answer), running.Ticket.Bound);
            attempt.Stop(StopCause.WorkerBroken);
            return await AttemptEnd.OfStopAsync(attempt, running, parts.Unanswered);
        }

        using var body = new PooledBuffer(
            (int)Math.Min(answer.Content.Headers.ContentLength + 1 ?? 4096, parts.Options.Value.MaxAnswerBytes));
        try
        {
            var fits = await ReadAsync(answer, body, attempt.Token);
            attempt.Disarm();
            if (!fits)
            {
                attempt.Stop(StopCause.WorkerBroken);
            }
        }
        catch (OperationCanceledException) when (attempt.Stopped)
        {
            return await AttemptEnd.OfStopAsync(attempt, running, parts.Unanswered);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException && !attempt.Stopped)
        {
            return AttemptEnd.WorkerGone(running.Model);
        }

        if (attempt.Stopped)
        {
            return await AttemptEnd.OfStopAsync(attempt, running, parts.Unanswered);
        }

        var whole = await running.CompleteAsync(units, body.Written, parts.Unanswered);
        running.Call.FirstTokenAt = parts.Clock.GetTimestamp();
        await SendAsync(running, answer, whole);
        return AttemptEnd.Answered;
    }

    private static async Task SendAsync(RunningRequest running, HttpResponseMessage answer, ReadOnlyMemory<byte> body)
    {
        var response = running.Context.Response;
        AnswerHeaders.OfWhole(response, body.Span, running.Endpoint, running.Model, running.Request.AnswersPlainText);
        WorkerAnswer.CopyHeaders(answer, response, running.Version);
        await response.BodyWriter.WriteAsync(body, running.Context.RequestAborted);
    }

    /// <summary>Reads to the end. False when there is more than is taken.</summary>
    private async Task<bool> ReadAsync(HttpResponseMessage answer, PooledBuffer body, CancellationToken cancellationToken)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        while (await stream.ReadAsync(body.Free(), cancellationToken) is var read and > 0)
        {
            body.Advance(read);
            if (body.Length > parts.Options.Value.MaxAnswerBytes)
            {
                return false;
            }
        }

        return true;
    }

    [LoggerMessage(1, LogLevel.Error,
        "Request {RequestId}: worker {Worker} stated units '{Units}', the hold covers {Bound}.")]
    private static partial void LogUncounted(ILogger logger, string requestId, Uri worker, string? units, Units bound);
}
