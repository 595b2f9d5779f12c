namespace Tollgate.Benchmarks.Comparison;

/// <summary>How long and how hard each part of a round is measured.</summary>
internal sealed record BenchPlan
{
    /// <summary>Process starts of every target.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Decides the order of the targets in each round and the gaps between requests.</summary>
    public int Seed { get; init; }

    /// <summary>Requests as fast as they are answered before anything counts, so that the code is compiled as it will stay.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Most that the warm-up takes in all while the runtime still compiles.</summary>
    public TimeSpan LongestWarmUp { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Each figure's own time.</summary>
    public TimeSpan Measure { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Connections of the loaded figures.</summary>
    public int Connections { get; init; } = 32;

    /// <summary>Requests per second with one connection.</summary>
    public double LightRate { get; init; } = 200;

    /// <summary>Requests per second over all connections.</summary>
    public double LoadedRate { get; init; } = 1000;

    /// <summary>Streams side by side whose chunks are counted.</summary>
    public int Streams { get; init; } = 32;

    /// <summary>Streams that only stand.</summary>
    public int IdleStreams { get; init; } = 1000;

    /// <summary>Output tokens asked of a unary request.</summary>
    public int MaxTokens { get; init; } = 16;

    /// <summary>Names of the targets that are measured; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>
    /// Environment, <c>NAME=VALUE</c>; each makes one more target of the gateway and one of the pass-through with script.
    /// </summary>
    public IReadOnlyList<string> Variants { get; init; } = [];

    /// <summary>Measures the pass-through over HTTP/2 to the worker too.</summary>
    public bool Http2 { get; init; }

    /// <summary>Samples where the CPU of gateway and pass-through goes, instead of comparing: sampled processes are slower.</summary>
    public bool Profile { get; init; }

    /// <summary>Short enough for a look; too short for a claim.</summary>
    public BenchPlan Quick() => this with
    {
        Rounds = 1,
        WarmUp = TimeSpan.FromSeconds(3),
        Measure = TimeSpan.FromSeconds(2),
        IdleStreams = 200,
    };
}
