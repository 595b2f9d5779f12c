using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Calls;

namespace Tollgate.Gateway.Forwarding;

/// <summary>The few headers of a worker's answer that mean something to the gateway or to a client; all others end here.</summary>
internal static class WorkerAnswer
{
    /// <summary>Units that the worker states; on a stream those known at its first event. False when it states none, which our workers
    /// never do.</summary>
    public static bool TryReadUnits(HttpResponseMessage answer, out Units units) => Units.TryParse(UnitsText(answer), out units);

    public static string? UnitsText(HttpResponseMessage answer) => Text(answer, Units.Header);

    public static void CopyHeaders(HttpResponseMessage answer, HttpResponse response, string? version)
    {
        if (version is not null)
        {
            response.Headers[AnswerHeaders.ModelVersion] = version;
        }

        if (Text(answer, WorkerHeaders.QueueMs) is { } queueMs)
        {
            response.Headers[WorkerHeaders.QueueMs] = queueMs;
        }
    }

    private static string? Text(HttpResponseMessage answer, string name) =>
        answer.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
