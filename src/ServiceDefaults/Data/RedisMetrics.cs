using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Tollgate.ServiceDefaults.Telemetry;

namespace Tollgate.ServiceDefaults.Data;

/// <summary>What a call of Redis is in metrics.</summary>
/// <param name="Command">Redis' name of the command, or of the main one where a call sends several.</param>
/// <param name="Script">Name of the Lua script that it runs; null for other commands.</param>
public readonly record struct RedisCall(string Command, string? Script = null);

/// <summary>Measures the calls of Redis, under the service's own meter. Thread-safe.</summary>
public sealed class RedisMetrics(IMeterFactory meters, IHostEnvironment service)
{
    private readonly DurationHistogram _duration = new(
        meters.Create(service.ApplicationName), "db.client.operation.duration", "One call of Redis, from the request to its answer.",
        0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5); // Finer than the convention's, which begin at 1 ms.

    /// <param name="error">Null for an answer, else <c>timeout</c>, <c>unavailable</c>, <c>refused</c> or <c>cancelled</c>.</param>
    internal void Called(RedisCall call, TimeSpan elapsed, string? error)
    {
        var tags = new TagList { { "db.system.name", "redis" }, { "db.operation.name", call.Command } };
        if (call.Script is not null)
        {
            tags.Add("db.stored_procedure.name", call.Script);
        }

        if (error is not null)
        {
            tags.Add("error.type", error);
        }

        _duration.Record(elapsed, tags);
    }
}
