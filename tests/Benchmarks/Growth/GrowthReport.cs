using System.Globalization;
using System.Text;
using Tollgate.Benchmarks.Comparison;
using Tollgate.Benchmarks.Machine;

namespace Tollgate.Benchmarks.Growth;

/// <summary>The time of one kind of work for an input and for one <see cref="GrowthBench.Factor"/> times as long.</summary>
internal sealed record GrowthRow(string Work, TimeSpan Short, TimeSpan Long)
{
    /// <summary>16 is linear, 256 quadratic; collections, and memory that no longer fits into a cache, add to a linear one.</summary>
    private const double MostRatio = 64;

    /// <summary>Below this the figures are those of the clock and the scheduler.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    public double Ratio => Long / Short;

    public bool IsWithinBounds => Ratio <= MostRatio || Long < Least;
}

/// <summary>What <c>bench growth</c> measured.</summary>
/// <param name="PlainLoop">The time of a template that loops until its budget of steps is used up.</param>
/// <param name="SlowestTemplate">The time of the slowest hostile template, which has the same budget.</param>
/// <param name="JournalPerSecond">Records a second that a gateway's journal takes.</param>
internal sealed record GrowthReport(
    MachineFacts Machine, IReadOnlyList<GrowthRow> Rows, TimeSpan PlainLoop, TimeSpan SlowestTemplate, double JournalPerSecond)
{
    /// <summary>A step of the slowest template takes at most so many times as long as a step of a plain loop.</summary>
    private const double MostSlower = 10;

    private const double WantedRecords = 100_000;

    private bool StepsAreAlike => SlowestTemplate / PlainLoop <= MostSlower;

    private bool JournalIsFast => JournalPerSecond >= WantedRecords;

    public bool IsWithinBounds => Rows.All(row => row.IsWithinBounds) && StepsAreAlike && JournalIsFast;

    public string Write()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"machine: {Machine}");
        var table = new TextTable("work", "short ms", $"{GrowthBench.Factor} times ms", "ratio", "");
        foreach (var row in Rows)
        {
            table.Add(
                row.Work, Milliseconds(row.Short), Milliseconds(row.Long), row.Ratio.ToString("0.0", CultureInfo.InvariantCulture),
                row.IsWithinBounds ? "ok" : "GROWS");
        }

        table.WriteTo(text, "Growth");
        text.AppendLine().AppendLine(
            CultureInfo.InvariantCulture,
            $"slowest hostile template: {Milliseconds(SlowestTemplate)} ms; a loop of as many steps: {Milliseconds(PlainLoop)} ms; "
            + $"at most {MostSlower} times: {(StepsAreAlike ? "ok" : "SLOW")}");
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"journal: {JournalPerSecond:N0} records/s; wanted {WantedRecords:N0}: {(JournalIsFast ? "ok" : "SHORT")}");
        return text.ToString();
    }

    private static string Milliseconds(TimeSpan span) => span.TotalMilliseconds.ToString("0.000", CultureInfo.InvariantCulture);
}
