using System.Diagnostics;

namespace Tollgate.Inference.Telemetry;

/// <summary>Spans of a request below its server span. Thread-safe.</summary>
internal static class InferenceSpans
{
    private static readonly ActivitySource Source = new(InferenceMetrics.MeterName);

    /// <summary>Adds a phase of a request that is over. Does nothing unless the request's trace is recorded.</summary>
    /// <param name="serverSpan">Null for a request without a trace.</param>
    /// <param name="name"><c>queue</c>, <c>prefill</c> or <c>decode</c>.</param>
    public static void AddPhase(Activity? serverSpan, string name, DateTimeOffset start, DateTimeOffset end)
    {
        if (serverSpan is { Recorded: true })
        {
            using var span = Source.StartActivity(name, ActivityKind.Internal, serverSpan.Context, startTime: start);
            span?.SetEndTime(end.UtcDateTime);
        }
    }
}
