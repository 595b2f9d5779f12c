using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Measures;
using Tollgate.Gateway.Telemetry;
using Tollgate.Gateway.Workers;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Runs an admitted request on a worker, and on another one as long as nothing went out to the client. However it ends, the ticket is
/// closed.
/// </summary>
internal sealed partial class Forwarder(
    WorkerPool pool, ForwardingParts parts, UnaryRelay unary, Backpressure backpressure, VersionMeasures measures,
    ILogger<Forwarder> logger)
{
    /// <summary>Workers that one request may die with: a request that kills its worker must not go through all of them.</summary>
    private const int MostDeaths = 2;

    /// <returns>The error to answer with, or null when the client has its answer or is gone.</returns>
    public async Task<OpenAiError?> ForwardAsync(RunningRequest running)
    {
        var started = parts.Clock.GetTimestamp();
        var tried = new Worker?[parts.Options.Value.MostRetries + 1];
        var end = new AttemptEnd(OpenAiError.ModelUnavailable(running.Model, TimeSpan.FromSeconds(1)), Retry.Elsewhere);
        var (deaths, failed) = (0, false);
        for (var number = 1; number <= tried.Length && end.Retry != Retry.Never && deaths < MostDeaths; number++)
        {
            var worker = pool.Pick(running.Model, tried, running.Call.Worker, running.Version);
            if (worker is null || (tried.Contains(worker) && end.Retry != Retry.Anywhere))
            {
                break;
            }

            if (number > 1)
            {
                LogRetry(logger, running.Call.PublicRequestId, worker.Url, number);
                parts.Metrics.Retried(running.Model);
            }

            tried[number - 1] = worker;
            running.Call.Attempts = number;
            running.Ticket.StartAttempt(number);
            end = await (GatewaySpans.AreRecorded ? TraceAsync(running, worker, number) : TryAsync(running, worker, number));
            deaths += end.WorkerDied ? 1 : 0;
            failed |= end.IsFault;
        }

        if (end.Error is not null)
        {
            if (end.NoPlace)
            {
                backpressure.Note(running.OrganizationId, running.Model, running.Call.ServiceClass, end.Error, running.Version);
            }

            await running.CloseUnansweredAsync(Outcome.FailedBeforeFirstToken, end.Computed, parts.Unanswered);
        }

        Measure(running, answered: end.Error is null, failed, parts.Clock.GetElapsedTime(started));
        return end.Error;
    }

    /// <summary>Counts the request for its version, unless its client ended it or wrote it wrongly, or no worker had a place for
    /// it.</summary>
    /// <param name="failed">Whether an attempt was a fault, also when a later one found no place: a version that kills one worker after
    /// the other must not hide behind the full one that is left.</param>
    private void Measure(RunningRequest running, bool answered, bool failed, TimeSpan elapsed)
    {
        answered &= running.Call.Outcome is Outcome.Completed or Outcome.Empty;
        if (answered || failed)
        {
            measures.Note(running.Model, running.Version, shadow: false, answered ? elapsed : null);
        }
    }

    private async Task<AttemptEnd> TraceAsync(RunningRequest running, Worker worker, int number)
    {
        using var span = GatewaySpans.StartAttempt(running.Endpoint.Api.Operation, running.Model, worker.Url, number);
        var end = await TryAsync(running, worker, number);
        if (span is not null && end.Error is { } error)
        {
            span.SetTag("error.type", error.Code ?? error.Type);
            span.SetStatus(ActivityStatusCode.Error);
        }

        return end;
    }

    private async Task<AttemptEnd> TryAsync(RunningRequest running, Worker worker, int number)
    {
        using var attempt = new Attempt(worker, running, parts);
        attempt.Arm(
            running.Request.Stream ? parts.Options.Value.FirstEventTimeout : parts.Options.Value.AnswerTimeout, StopCause.WorkerSilent);
        using var message = Message(running, worker, number);
        HttpResponseMessage answer;
        try
        {
            answer = await parts.Client.SendAsync(message, attempt.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            if (attempt.Stopped)
            {
                return await AttemptEnd.OfStopAsync(attempt, running, parts.Unanswered);
            }

            LogNoAnswer(logger, running.Call.PublicRequestId, worker.Url, exception.Message);
            worker.Failed();
            if (exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
            {
                worker.Refused();
            }

            // No connection, no request: such a worker cannot have died of it.
            return AttemptEnd.WorkerGone(
                running.Model, hadRequest: exception is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError });
        }

        using (answer)
        {
            worker.Served();
            if (attempt.Stopped)
            {
                return await AttemptEnd.OfStopAsync(attempt, running, parts.Unanswered); // Its answer is then that it was cancelled.
            }

            if (answer.StatusCode != HttpStatusCode.OK)
            {
                return await ReadRefusalAsync(running, attempt, answer);
            }

            if (!running.Request.Stream)
            {
                return await unary.RunAsync(running, attempt, answer);
            }

            using var relay = new StreamRelay(running, attempt, parts, logger);
            return await relay.RunAsync(answer);
        }
    }

    private async Task<AttemptEnd> ReadRefusalAsync(RunningRequest running, Attempt attempt, HttpResponseMessage answer)
    {
        if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            LogBearerRefused(logger, attempt.Worker.Url);
        }

        try
        {
            return await WorkerRefusal.ReadAsync(answer, running.Model, attempt.Token);
        }
        catch (OperationCanceledException) when (attempt.Stopped)
        {
            return await AttemptEnd.OfStopAsync(attempt, running, parts.Unanswered);
        }
    }

    private HttpRequestMessage Message(RunningRequest running, Worker worker, int number)
    {
        var message = parts.Client.Request(HttpMethod.Post, worker, running.Endpoint.WorkerPath);
        message.Headers.TryAddWithoutValidation(WorkerHeaders.RequestId, running.Ticket.RequestId.ToString("N"));
        message.Headers.TryAddWithoutValidation(WorkerHeaders.Attempt, number.ToString(CultureInfo.InvariantCulture));
        message.Headers.TryAddWithoutValidation(WorkerHeaders.Organization, running.Call.Caller!.OrganizationId.ToString("N"));
        message.Headers.TryAddWithoutValidation(WorkerHeaders.Bound, running.Ticket.Bound.ToString());
        if (running.Version is { } version)
        {
            message.Headers.TryAddWithoutValidation(WorkerHeaders.Version, version);
        }

        if (running.Call.ServiceClass != ServiceClass.Standard)
        {
            message.Headers.TryAddWithoutValidation(WorkerHeaders.ServiceClass, running.Call.ServiceClass.Name());
        }

        if (GatewaySpans.TraceParent is { } parent)
        {
            message.Headers.TryAddWithoutValidation("traceparent", parent);
        }

        message.Content = new ReadOnlyMemoryContent(running.Body.Bytes) { Headers = { ContentType = running.Body.ContentType } };
        return message;
    }

    [LoggerMessage(1, LogLevel.Warning, "Request {RequestId}: worker {Worker} gave no answer: {Reason}")]
    private static partial void LogNoAnswer(ILogger logger, string requestId, Uri worker, string reason);

    [LoggerMessage(2, LogLevel.Information, "Request {RequestId}: attempt {Number} goes to worker {Worker}.")]
    private static partial void LogRetry(ILogger logger, string requestId, Uri worker, int number);

    [LoggerMessage(3, LogLevel.Error, "Worker {Worker} refused this gateway's bearer. Are both bearer files of one issue?")]
    private static partial void LogBearerRefused(ILogger logger, Uri worker);
}
