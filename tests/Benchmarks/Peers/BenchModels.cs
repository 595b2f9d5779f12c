namespace Tollgate.Benchmarks.Peers;

/// <summary>The models that the stub worker says it serves. They differ only in how fast their streams run.</summary>
internal static class BenchModels
{
    /// <summary>Streams as fast as they can be written.</summary>
    public const string Instant = "bench-instant";

    /// <summary>Streams 50 tokens a second.</summary>
    public const string Steady = "bench-steady";

    /// <summary>Streams one token in ten seconds.</summary>
    public const string Idle = "bench-idle";

    public static readonly IReadOnlyDictionary<string, double> TokensPerSecond = new Dictionary<string, double>
    {
        [Instant] = double.PositiveInfinity,
        [Steady] = 50,
        [Idle] = 0.1,
    };
}
