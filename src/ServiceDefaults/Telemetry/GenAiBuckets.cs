using System.Diagnostics.Metrics;

namespace Tollgate.ServiceDefaults.Telemetry;

/// <summary>Buckets that OpenTelemetry's convention for generative AI names for its metrics.</summary>
public static class GenAiBuckets
{
    /// <summary>Of <c>gen_ai.server.request.duration</c>, seconds; the last two are ours, because streams may take minutes.</summary>
    public static IReadOnlyList<double> RequestSeconds { get; } =
        [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68];

    /// <summary>Of <c>gen_ai.server.time_to_first_token</c>, seconds.</summary>
    public static IReadOnlyList<double> FirstTokenSeconds { get; } =
        [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

    /// <summary>Of <c>gen_ai.server.time_per_output_token</c>, seconds.</summary>
    public static IReadOnlyList<double> PerTokenSeconds { get; } =
        [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];

    /// <summary>Of <c>gen_ai.client.token.usage</c>, tokens.</summary>
    public static readonly InstrumentAdvice<long> Tokens = new()
    {
        HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
    };
}
