using System.Globalization;
using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Profile;

namespace Tollgate.Benchmarks.Comparison;

/// <summary>Everything that one run measured.</summary>
internal sealed record BenchReport(
    MachineFacts Machine, BenchPlan Plan, IReadOnlyList<string> Targets,
    IReadOnlyList<RoundResult> Results, IReadOnlyList<CpuProfile> Profiles)
{
    /// <summary>A figure of a target over all rounds, or of the difference of two targets within each round.</summary>
    public Spread Of(string target, string figure, string? minus = null) => new(
        Results.Where(result => result.Target == target)
            .Select(result => Value(result, figure) - (minus is null ? 0 : Value(Find(minus, result.Round), figure))));

    /// <summary>Sum of a figure over some processes, such as gateway and redis.</summary>
    public Spread SumOf(string target, string figure, params string[] processes) => new(
        Results.Where(result => result.Target == target)
            .Select(result => processes.Sum(process => result.Figures.GetValueOrDefault(figure + process))));

    /// <summary>Processes of a target for which a figure was kept.</summary>
    public IReadOnlyList<string> ProcessesOf(string target, string figure) =>
        [.. Results.Where(result => result.Target == target).SelectMany(result => result.Figures.Keys)
            .Where(key => key.StartsWith(figure, StringComparison.Ordinal)).Select(key => key[figure.Length..]).Distinct()];

    private RoundResult? Find(string target, int round) =>
        Results.FirstOrDefault(result => result.Target == target && result.Round == round);

    private static double Value(RoundResult? result, string figure) => result?.Figures.GetValueOrDefault(figure, double.NaN) ?? double.NaN;
}

/// <summary>Median and extremes of one figure over the rounds.</summary>
internal readonly record struct Spread
{
    public Spread(IEnumerable<double> values)
    {
        var sorted = values.Where(double.IsFinite).Order().ToArray();
        (Low, High) = sorted.Length == 0 ? (double.NaN, double.NaN) : (sorted[0], sorted[^1]);
        Median = sorted.Length == 0 ? double.NaN
            : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2]
            : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public double Median { get; }

    public double Low { get; }

    public double High { get; }

    /// <summary>Such as <c>61.2 (58.0–66.1)</c>; one number when all are the same, a dash for none.</summary>
    public override string ToString()
    {
        if (double.IsNaN(Median))
        {
            return "–";
        }

        var format = Math.Abs(Median) >= 1000 ? "N0" : Math.Abs(Median) >= 100 ? "0" : "0.0";
        return Low == High ? Text(Median) : $"{Text(Median)} ({Text(Low)}–{Text(High)})";

        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
