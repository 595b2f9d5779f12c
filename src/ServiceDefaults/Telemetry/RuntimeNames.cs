using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Tollgate.ServiceDefaults.Telemetry;

/// <summary>
/// Renames the gauges of the .NET runtime whose names end in <c>count</c>. Prometheus keeps that ending for the counts of histograms.
/// </summary>
internal static class RuntimeNames
{
    /// <summary>Null leaves an instrument as it is.</summary>
    public static MetricStreamConfiguration? View(Instrument instrument) => instrument.Name switch
    {
        "dotnet.process.cpu.count" => new MetricStreamConfiguration { Name = "dotnet.process.cpus" },
        "dotnet.thread_pool.thread.count" => new MetricStreamConfiguration { Name = "dotnet.thread_pool.threads" },
        "dotnet.timer.count" => new MetricStreamConfiguration { Name = "dotnet.timers" },
        "dotnet.assembly.count" => new MetricStreamConfiguration { Name = "dotnet.assemblies" },
        _ => null,
    };
}
