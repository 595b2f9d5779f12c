using System.Diagnostics;

namespace Tollgate.ServiceDefaults.Telemetry;

/// <summary>
/// Joins the callee's spans to the caller's. The client's own headers are off: they would name an activity of the client that this
/// service does not export.
/// </summary>
internal sealed class TraceParentHandler : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Activity.Current?.Id is { } parent)
        {
            request.Headers.TryAddWithoutValidation("traceparent", parent);
        }

        return base.SendAsync(request, cancellationToken);
    }
}
