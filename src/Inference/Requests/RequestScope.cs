using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Telemetry;
using Tollgate.Inference.Witness;

namespace Tollgate.Inference.Requests;

/// <summary>What a run needs of the worker: the request's identity and hold, the worker's log and its metrics. Thread-safe.</summary>
/// <param name="model">Name of the model that runs it.</param>
/// <param name="operation">Name of the endpoint in metrics.</param>
internal sealed class RequestScope(HttpRequest request, string model, string operation, RequestRecorder recorder)
{
    private readonly Activity? _serverSpan = Activity.Current; // A scope is made on the request's way, before other spans.
    private readonly DateTimeOffset _startedAt = recorder.Clock.GetUtcNow();
    private readonly long _started = recorder.Clock.GetTimestamp();
    private TimeSpan? _toFirstToken;
    private TimeSpan _toEnd;

    public RequestIdentity Identity { get; } = RequestIntake.Identify(request, recorder.Clock);

    /// <summary>The error to answer with when the hold does not pay for what the request wants, or null.</summary>
    /// <param name="wanted">The exact prompt tokens, and the most units of every other kind.</param>
    public OpenAiError? CheckHold(Units wanted) => recorder.Guard.Check(request, Identity, model, wanted);

    /// <param name="reason">As <see cref="InferenceMetrics.Refused"/> takes it.</param>
    public void NoteRefusal(string reason) => recorder.Metrics.Refused(model, reason);

    /// <summary>Measures the time to the first token.</summary>
    public void NoteFirstToken()
    {
        var elapsed = recorder.Clock.GetElapsedTime(_started);
        _toFirstToken = elapsed;
        if (!Identity.IsShadow)
        {
            recorder.Metrics.FirstToken(model, operation, elapsed);
        }
    }

    /// <summary>Writes what was computed to the worker's log. Call it before the answer's last byte goes out.</summary>
    public void Witness(Units units) => recorder.Witness(Identity, model, units);

    /// <summary>Measures a request that has ended. A copy of a request counts what it computed; its times, behind all other work, are no
    /// client's.</summary>
    /// <param name="outcome"><c>ok</c>, <c>cancelled</c> or <c>failed</c>.</param>
    public void NoteEnd(string outcome, Units units)
    {
        _toEnd = recorder.Clock.GetElapsedTime(_started);
        recorder.Metrics.Computed(model, units, Identity.IsShadow);
        if (!Identity.IsShadow)
        {
            recorder.Metrics.Finished(model, operation, outcome, _toEnd);
        }

        if (_serverSpan is { IsAllDataRequested: true } span)
        {
            span.SetTag("tollgate.request.id", $"req_{Identity.Id:N}");
            span.SetTag("gen_ai.operation.name", operation);
            span.SetTag("gen_ai.request.model", model);
            span.SetTag("gen_ai.usage.input_tokens", units.Prompt);
            span.SetTag("gen_ai.usage.output_tokens", units.Completion);
            span.SetTag("outcome", outcome);
        }
    }

    /// <summary>Shows the phases of a generation: its queue, its prompt, its tokens. Call it after <see cref="NoteEnd"/>.</summary>
    /// <param name="queued">Wait for the first slot.</param>
    /// <param name="tokens">Tokens of the longest choice.</param>
    public void NotePhases(TimeSpan queued, int tokens)
    {
        var (slot, end) = (_startedAt + queued, _startedAt + _toEnd);
        var first = _toFirstToken is { } elapsed && elapsed <= _toEnd ? _startedAt + elapsed : end; // A reader may notice it late.
        InferenceSpans.AddPhase(_serverSpan, "queue", _startedAt, slot);
        InferenceSpans.AddPhase(_serverSpan, "prefill", slot, first);
        InferenceSpans.AddPhase(_serverSpan, "decode", first, end);
        if (!Identity.IsShadow)
        {
            recorder.Metrics.Generated(model, operation, end - first, tokens);
        }
    }
}

/// <summary>Where scopes check holds and record what requests used. Thread-safe.</summary>
internal sealed partial class RequestRecorder(
    HoldGuard guard, WitnessLog witness, InferenceMetrics metrics, TimeProvider clock, ILogger<RequestRecorder> logger)
{
    public HoldGuard Guard => guard;

    public InferenceMetrics Metrics => metrics;

    public TimeProvider Clock => clock;

    /// <summary>Appends to the worker's log, unless it is the copy of a request: nobody is billed for that. A log that cannot be written is
    /// an error for the operator; the answer still goes out.</summary>
    public void Witness(RequestIdentity identity, string model, Units units)
    {
        if (identity.IsShadow)
        {
            return;
        }

        try
        {
            witness.Append(identity.Id, identity.Attempt, identity.Organization, model, units, identity.ServiceClass);
        }
        catch (IOException exception)
        {
            Log.NotWitnessed(logger, exception, identity.Id, units);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request {Request} used {Units} and could not be written to the witness log.")]
        public static partial void NotWitnessed(ILogger logger, Exception exception, Guid request, Units units);
    }
}
