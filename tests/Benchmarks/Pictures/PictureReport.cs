using System.Globalization;
using Tollgate.Benchmarks.Machine;

namespace Tollgate.Benchmarks.Pictures;

/// <summary>What is measured.</summary>
/// <param name="Model">Folder of the classifier.</param>
/// <param name="Images">Folder of the pictures that every request takes its eight from.</param>
/// <param name="Requests">Requests in each half of a round.</param>
internal sealed record PicturePlan(string Model, string Images, int Rounds, int Requests);

/// <summary>One round: the worker and the bare loop on the same pictures, one directly after the other.</summary>
/// <param name="Worker">Pictures a second over HTTP.</param>
/// <param name="Loop">Pictures a second of the loop.</param>
internal sealed record PictureRound(double Worker, double Loop)
{
    public double Ratio => Worker / Loop;
}

/// <summary>All rounds.</summary>
internal sealed record PictureReport(MachineFacts Machine, PicturePlan Plan, IReadOnlyList<PictureRound> Rounds)
{
    public double MedianRatio => Rounds.Select(round => round.Ratio).Order().ElementAt(Rounds.Count / 2);

    public string Write() => string.Concat(
    [
        $"{Machine}\n",
        .. Rounds.Select((round, i) => string.Create(
            CultureInfo.InvariantCulture,
            $"round {i + 1}: worker {round.Worker:0.0} pictures/s, loop {round.Loop:0.0} pictures/s, ratio {round.Ratio:0.000}\n")),
        string.Create(CultureInfo.InvariantCulture, $"median ratio {MedianRatio:0.000}\n"),
    ]);
}
