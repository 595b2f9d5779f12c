using System.Globalization;
using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Pictures;

namespace Tollgate.Benchmarks.Drawing;

/// <summary>What is measured.</summary>
/// <param name="Model">Folder of the model.</param>
/// <param name="Requests">Requests of four pictures in each half of a round.</param>
/// <param name="Steps">Of a picture.</param>
internal sealed record DrawingBenchPlan(string Model, int Rounds, int Requests, int Steps);

/// <summary>All rounds, in pictures drawn a second.</summary>
internal sealed record DrawingReport(MachineFacts Machine, DrawingBenchPlan Plan, IReadOnlyList<PictureRound> Rounds)
{
    public double MedianRatio => Rounds.Select(round => round.Ratio).Order().ElementAt(Rounds.Count / 2);

    public string Write() => string.Concat(
    [
        $"{Machine}\n",
        .. Rounds.Select((round, i) => string.Create(
            CultureInfo.InvariantCulture,
            $"round {i + 1}: worker {round.Worker:0.00} pictures/s, loop {round.Loop:0.00} pictures/s, ratio {round.Ratio:0.000}\n")),
        string.Create(CultureInfo.InvariantCulture, $"median ratio {MedianRatio:0.000}\n"),
    ]);
}
