using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Memory;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Passes the events of one stream on: whole events only, journaled before they are written, those that arrive together in one write. The
/// answer's headers go out with the first event. Ends with the event that ends it well, such as <c>[DONE]</c>, which is written after the
/// ticket is closed, or with an error frame, or because the client is gone; never with a clean end that is none.
/// </summary>
internal sealed partial class StreamRelay(RunningRequest running, Attempt attempt, ForwardingParts parts, ILogger logger) : IDisposable
{
    private const int FirstBuffer = 16 * 1024;

    private readonly PooledBuffer _buffer = new(FirstBuffer);
    private Units _prompt;
    private long _tokens;
    private bool _started;

    /// <summary>What is delivered.</summary>
    private Units Units => running.Endpoint.UnitsOf(_prompt, _tokens);

    /// <summary>The largest <c>id:</c> that the hold covers.</summary>
    private long MostCounted => running.Endpoint.CountOf(running.Ticket.Bound);

    public async Task<AttemptEnd> RunAsync(HttpResponseMessage answer)
    {
        if (!WorkerAnswer.TryReadUnits(answer, out _prompt))
        {
            return await BreakAsync("no units in the answer's headers");
        }

        await using var stream = await answer.Content.ReadAsStreamAsync(CancellationToken.None);
        while (await ReadAsync(stream))
        {
            var events = EventScanner.Scan(_buffer.Written.Span, _tokens, MostCounted, running.Endpoint.Wire);
            if (!running.Endpoint.UnitsOf(_prompt with { Input = 0, Cached = 0 }, events.Tokens).IsWithin(running.Ticket.Bound))
            {
                return await BreakAsync("more units than the hold covers");
            }

            if (events.End == ScanEnd.Done)
            {
                return await FinishAsync(answer, events);
            }

            if (events.End != ScanEnd.NeedsMore && !_started)
            {
                return await BreakAsync(events.End == ScanEnd.Failed ? "an error as its first event" : "an event without a proper id");
            }

            if (events.Counted || (_started && events.Length > 0))
            {
                await SendAsync(answer, events);
            }

            if (events.End == ScanEnd.Failed)
            {
                return await FailAsync(_buffer.Written[..events.Next]);
            }

            if (events.End == ScanEnd.Broken || _buffer.Length > running.Endpoint.LargestEvent)
            {
                return await BreakAsync("an event without a proper id, or without an end");
            }
        }

        return attempt.Stopped ? await EndStoppedAsync() : await BreakOffAsync();
    }

    public void Dispose() => _buffer.Dispose();

    /// <summary>Waits for more bytes. False at the worker's end, whether clean or not, and when the exchange was stopped.</summary>
    private async ValueTask<bool> ReadAsync(Stream stream)
    {
        if (attempt.Stopped)
        {
            return false;
        }

        if (_started)
        {
            attempt.Arm(parts.Options.Value.IdleTimeout, StopCause.WorkerSilent);
        }

        try
        {
            var read = await stream.ReadAsync(_buffer.Free(), attempt.Token);
            _buffer.Advance(read);
            return read > 0 && !attempt.Stopped;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private async ValueTask SendAsync(HttpResponseMessage answer, ScannedEvents events)
    {
        Start(answer);
        _tokens = events.Tokens;
        running.Ticket.Progress(Units);
        running.Recording?.Append(_buffer.Written.Span[..events.Length]);
        await WriteAsync(_buffer.Written[..events.Length]);
        running.Call.Events += events.Count;
        if (_tokens > 0)
        {
            running.Call.FirstTokenAt ??= parts.Clock.GetTimestamp();
        }

        _buffer.Consume(events.Length);
    }

    private async Task<AttemptEnd> FinishAsync(HttpResponseMessage answer, ScannedEvents events)
    {
        Start(answer);
        _tokens = events.Tokens;
        running.Call.FirstTokenAt ??= parts.Clock.GetTimestamp();
        var last = _buffer.Written[..(events.Length + events.Next)];
        if (running.Recording is not null || running.Keeper is not null)
        {
            attempt.Disarm(); // The worker owes nothing more while the answer is kept.
        }

        await WriteAsync(await running.CompleteAsync(Units, last, parts.Unanswered));
        attempt.Disarm();
        return AttemptEnd.Answered;
    }

    /// <summary>The answer's headers; they leave with the first write.</summary>
    private void Start(HttpResponseMessage answer)
    {
        if (!_started)
        {
            _started = true;
            var response = running.Context.Response;
            AnswerHeaders.OfEvents(response);
            WorkerAnswer.CopyHeaders(answer, response, running.Version);
            running.Context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        }
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        attempt.Arm(parts.Options.Value.ClientStallTimeout, StopCause.ClientStalled);
        try
        {
            var result = await running.Context.Response.BodyWriter.WriteAsync(bytes, attempt.Token);
            if (result.IsCompleted || result.IsCanceled)
            {
                attempt.Stop(StopCause.ClientLeft);
            }
        }
        catch (OperationCanceledException)
        {
            attempt.Stop(StopCause.ClientLeft); // It was stopped while it waited for the client; the first cause stands.
        }
    }

    private async Task<AttemptEnd> EndStoppedAsync()
    {
        if (!_started)
        {
            return await AttemptEnd.OfStopAsync(attempt, running, parts.Unanswered);
        }

        var confirmed = await attempt.WaitForUnitsAsync();
        switch (attempt.Cause)
        {
            case StopCause.ClientLeft or StopCause.ClientStalled:
                // Never below what went out, never above the hold, whatever the worker states. A worker that states nothing may be dead,
                // and its log then has no line of the request: R2 expects one of every other outcome.
                var generated = Math.Min(
                    Math.Max(_tokens, confirmed is null ? 0 : running.Endpoint.CountOf(confirmed.Units)), MostCounted);
                running.Close(
                    confirmed is null && _tokens > 0 ? Outcome.FailedAfterFirstToken : Outcome.ClientLeft,
                    running.Endpoint.UnitsOf(_prompt, generated), _tokens);
                running.Context.Abort();
                return AttemptEnd.Answered;
            case StopCause.ShuttingDown:
                return await FailAsync(OpenAiError.ShuttingDown()) with { IsFault = false };
            case StopCause.WorkerSilent:
                return await FailAsync(OpenAiError.UpstreamTimedOut());
            default:
                return await FailAsync(OpenAiError.UpstreamFailed());
        }
    }

    private async Task<AttemptEnd> BreakAsync(string what)
    {
        LogBroken(logger, running.Call.PublicRequestId, attempt.Worker.Url, what, _tokens);
        attempt.Stop(StopCause.WorkerBroken);
        return await EndStoppedAsync();
    }

    private async Task<AttemptEnd> BreakOffAsync()
    {
        LogBrokenOff(logger, running.Call.PublicRequestId, attempt.Worker.Url, _tokens);
        attempt.Worker.Failed();
        return _started
            ? await FailAsync(OpenAiError.UpstreamFailed())
            : AttemptEnd.WorkerGone(running.Model);
    }

    private Task<AttemptEnd> FailAsync(OpenAiError error) =>
        FailAsync(running.Endpoint.Wire.ToFrame(error, running.Call.PublicRequestId, running.Call.Events));

    /// <summary>Ends a stream whose answer has started: charged is what went out, and nothing where no token did.</summary>
    private async Task<AttemptEnd> FailAsync(ReadOnlyMemory<byte> frame)
    {
        if (_tokens > 0)
        {
            running.Close(Outcome.FailedAfterFirstToken, Units, _tokens);
        }
        else
        {
            running.Close(Outcome.FailedBeforeFirstToken, default, 0);
        }

        running.Call.ErrorType = "stream_broken";
        parts.Metrics.StreamBroken(running.Model);
        await running.Context.Response.BodyWriter.WriteAsync(frame, running.Context.RequestAborted);
        return AttemptEnd.Broken;
    }

    [LoggerMessage(1, LogLevel.Error, "Request {RequestId}: worker {Worker} sent {What} after {Tokens} tokens.")]
    private static partial void LogBroken(ILogger logger, string requestId, Uri worker, string what, long tokens);

    [LoggerMessage(2, LogLevel.Warning, "Request {RequestId}: worker {Worker} broke off after {Tokens} tokens.")]
    private static partial void LogBrokenOff(ILogger logger, string requestId, Uri worker, long tokens);
}
