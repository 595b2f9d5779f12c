using Tollgate.Benchmarks.Memory;

namespace Tollgate.Benchmarks.Engine;

/// <summary>What was measured with one precision and one number of threads, round for round.</summary>
/// <param name="Memory">By target.</param>
/// <param name="LlamaAgrees">Share of the engine's tokens that llama.cpp gives too; null without it.</param>
internal sealed record SetupFigures(
    string Precision, int Threads, IReadOnlyDictionary<string, WorkerMemory> Memory, double? LlamaAgrees)
{
    /// <summary>By target.</summary>
    public Dictionary<string, List<CellSpeed>> Speeds { get; } = [];

    /// <summary>By target.</summary>
    public Dictionary<string, List<MixedTimes>> Mixed { get; } = [];

    public List<PrefixTimes> Prefixes { get; } = [];

    public void Add(string target, Cell cell, Speed speed) => ListOf(Speeds, target).Add(new CellSpeed(cell, speed));

    public void Add(string target, MixedTimes times) => ListOf(Mixed, target).Add(times);

    /// <summary>A cell of a target, one figure a round; empty for a target that was not measured.</summary>
    public IReadOnlyList<Speed> Of(string target, Cell cell) =>
        [.. Speeds.GetValueOrDefault(target, []).Where(one => one.Cell == cell).Select(one => one.Speed)];

    /// <summary>Decode steps a second of one stream, one figure a round: what a long answer takes over a short one, which leaves the
    /// prompt out.</summary>
    public IReadOnlyList<double> SoloSteps(string target) =>
        [.. Of(target, new Cell(1, 24)).Zip(
            Of(target, new Cell(1, 96)),
            (small, large) => (96 - 24) / ((96 * large.Seconds / large.Tokens) - (24 * small.Seconds / small.Tokens)))];

    /// <summary>Seconds of CPU of a prompt that begins like one before it, over those of others, one figure a round.</summary>
    public IReadOnlyList<double> PrefixRatios =>
        [.. Prefixes.Select(times => new Spread(times.Warm).Median / new Spread(times.Cold).Median)];

    private static List<T> ListOf<T>(Dictionary<string, List<T>> lists, string target) =>
        lists.TryGetValue(target, out var list) ? list : lists[target] = [];
}

/// <summary>A cell in one round.</summary>
internal sealed record CellSpeed(Cell Cell, Speed Speed);

/// <summary>Several figures of one thing.</summary>
internal sealed class Spread(IEnumerable<double> figures)
{
    private readonly double[] _sorted = [.. figures.Order()];

    /// <summary>NaN for none.</summary>
    public double Median => At(0.5);

    /// <summary>The figure below which a share lies; NaN for none.</summary>
    public double At(double share) => _sorted.Length == 0 ? double.NaN : _sorted[(int)Math.Round(share * (_sorted.Length - 1))];

    /// <summary>Median (smallest–largest); the median alone of one figure.</summary>
    public string Write(string format) => _sorted.Length switch
    {
        0 => "–",
        1 => Text(Median, format),
        _ => $"{Text(Median, format)} ({Text(_sorted[0], format)}–{Text(_sorted[^1], format)})",
    };

    private static string Text(double figure, string format) => figure.ToString(format, System.Globalization.CultureInfo.InvariantCulture);
}
