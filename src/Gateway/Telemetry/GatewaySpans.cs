using System.Diagnostics;

namespace Tollgate.Gateway.Telemetry;

/// <summary>
/// Spans of a request below its server span: admission, attempts, settlement. All are null, and cost next to nothing, unless the request's
/// trace is recorded. Thread-safe.
/// </summary>
internal static class GatewaySpans
{
    private static readonly ActivitySource Source = new(GatewayMetrics.MeterName);

    /// <summary>Whether the request that runs here has a trace that is recorded.</summary>
    public static bool AreRecorded => Activity.Current is { Recorded: true };

    /// <summary>The wait for limits and money.</summary>
    public static Activity? StartAdmission() => Source.StartActivity("admission");

    /// <summary>One exchange with a worker.</summary>
    /// <param name="number">Counts from 1.</param>
    public static Activity? StartAttempt(string operation, string model, Uri worker, int number)
    {
        var span = Source.StartActivity("attempt", ActivityKind.Client);
        if (span is not null)
        {
            span.SetTag("gen_ai.operation.name", operation);
            span.SetTag("gen_ai.provider.name", "tollgate");
            span.SetTag("gen_ai.request.model", model);
            span.SetTag("server.address", worker.Host);
            span.SetTag("server.port", worker.Port);
            span.SetTag("tollgate.attempt", number);
        }

        return span;
    }

    /// <summary>A batch of usage on its way to Billing: a trace of its own.</summary>
    public static Activity? StartShipment(int events)
    {
        var span = events == 0 ? null : Source.StartActivity("ship usage", ActivityKind.Producer);
        span?.SetTag("tollgate.usage.events", events);
        return span;
    }

    /// <summary>
    /// Starts a span that ends elsewhere: from the CLOSE of a request to Redis' answer that its hold is gone. The current activity stays.
    /// </summary>
    /// <param name="request">Server span of the request; null for one that an earlier process admitted.</param>
    public static Activity? BeginSettlement(Activity? request)
    {
        if (request is not { Recorded: true })
        {
            return null;
        }

        var current = Activity.Current;
        var span = Source.StartActivity("settle", ActivityKind.Internal, request.Context);
        Activity.Current = current;
        return span;
    }

    /// <summary>Ends a span of <see cref="BeginSettlement"/>. The current activity stays.</summary>
    public static void End(Activity span)
    {
        var current = Activity.Current;
        span.Dispose();
        Activity.Current = current;
    }

    /// <summary>Describes the server span, which is the current activity, when the request is over.</summary>
    /// <param name="requestId">As the client sees it.</param>
    public static void DescribeRequest(in EndedRequest request, string requestId)
    {
        if (Activity.Current is not { IsAllDataRequested: true } span)
        {
            return;
        }

        span.SetTag("tollgate.request.id", requestId);
        span.SetTag("gen_ai.operation.name", request.Endpoint?.Operation);
        span.SetTag("gen_ai.request.model", request.Model);
        span.SetTag("error.type", request.ErrorType);
        if (request.Charged is { } units)
        {
            span.SetTag("gen_ai.usage.input_tokens", units.Prompt);
            span.SetTag("gen_ai.usage.output_tokens", units.Completion);
        }
    }

    /// <summary>Value of the header <c>traceparent</c> that joins the callee's spans to the current one; null without a trace.</summary>
    public static string? TraceParent => Activity.Current?.Id;
}
