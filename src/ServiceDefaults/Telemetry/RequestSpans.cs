using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.ServiceDefaults.Telemetry;

/// <summary>
/// Gives each request a server span. A request of the public listener begins a trace, or joins that of its client by trace id and span id
/// alone: the client decides neither whether it is recorded nor what travels on, so its flags, its <c>tracestate</c> and its
/// <c>baggage</c> end here. A request of the internal listener joins its caller's trace with all of it, and begins none: calls without a
/// trace are polls of services, scrapes and health checks.
/// </summary>
/// <param name="source">Source of the service's spans.</param>
/// <param name="ratio">Share of the clients' traces that is recorded.</param>
internal sealed class RequestSpans(ActivitySource source, double ratio) : IStartupFilter
{
    private static readonly string[] Methods = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, rest) => source.HasListeners() && TryFindParent(context, out var parent)
            ? TraceAsync(context, rest, parent)
            : rest(context));
        next(app);
    };

    private async Task TraceAsync(HttpContext context, RequestDelegate rest, ActivityContext parent)
    {
        using var span = source.StartActivity("request", ActivityKind.Server, parent);
        if (span is null)
        {
            await rest(context);
            return;
        }

        var failed = true;
        try
        {
            await rest(context);
            failed = false;
        }
        finally
        {
            if (span.IsAllDataRequested)
            {
                Describe(span, context, failed ? StatusCodes.Status500InternalServerError : context.Response.StatusCode);
            }
        }
    }

    /// <summary>False for a request that belongs to no trace.</summary>
    private bool TryFindParent(HttpContext context, out ActivityContext parent)
    {
        var headers = context.Request.Headers;
        string? traceParent = headers.TraceParent;
        if (context.Features.Get<Listener>()?.Kind == ListenerKind.Internal)
        {
            return ActivityContext.TryParse(traceParent, headers.TraceState, isRemote: true, out parent);
        }

        if (context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
        {
            parent = default;
            return false;
        }

        // Not by the trace id, as for traces that begin here: a client chooses its trace id.
        parent = ActivityContext.TryParse(traceParent, null, isRemote: true, out var clients)
            ? new ActivityContext(
                clients.TraceId, clients.SpanId,
                Random.Shared.NextDouble() < ratio ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None, isRemote: true)
            : default;
        return true;
    }

    private static void Describe(Activity span, HttpContext context, int status)
    {
        var method = Methods.Contains(context.Request.Method, StringComparer.Ordinal) ? context.Request.Method : "_OTHER";
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        route = route is { Length: > 1 } ? route.TrimEnd('/') : route; // A group's own path ends in a slash.
        span.DisplayName = route is null ? method : $"{method} {route}";
        span.SetTag("http.request.method", method);
        span.SetTag("http.route", route); // Never the path: it may name what a log must not hold.
        span.SetTag("http.response.status_code", status);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }
    }
}
