using System.Globalization;
using Tollgate.Benchmarks.Machine;

namespace Tollgate.Benchmarks.Speech;

/// <summary>What is measured.</summary>
/// <param name="Model">Folder of the model.</param>
/// <param name="Recordings">Folder of the recordings.</param>
/// <param name="AtOnce">Requests at once in the last part of a round.</param>
internal sealed record SpeechPlan(string Model, string Recordings, int Rounds, int AtOnce);

/// <summary>One round: all recordings three times, one directly after the other. Real-time factors: seconds of computing for a second of
/// sound.</summary>
/// <param name="Loop">Of the bare loop.</param>
/// <param name="Worker">Of the worker over HTTP, one request after the other.</param>
/// <param name="Shared">Of the worker with several requests at once.</param>
internal sealed record SpeechRound(double Loop, double Worker, double Shared);

/// <summary>All rounds.</summary>
/// <param name="Seconds">Sound in all recordings together.</param>
internal sealed record SpeechReport(MachineFacts Machine, SpeechPlan Plan, double Seconds, IReadOnlyList<SpeechRound> Rounds)
{
    /// <summary>Time of the worker over that of the loop.</summary>
    public double MedianRatio => Median(round => round.Worker / round.Loop);

    /// <summary>Recordings a second with several requests at once, over those one after the other.</summary>
    public double MedianGain => Median(round => round.Worker / round.Shared);

    public string Write() => string.Concat(
    [
        $"{Machine}\n",
        .. Rounds.Select((round, i) => string.Create(
            CultureInfo.InvariantCulture,
            $"round {i + 1}: real-time factor of the loop {round.Loop:0.0000}, worker {round.Worker:0.0000}, {Plan.AtOnce} at once "
            + $"{round.Shared:0.0000}\n")),
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Seconds:0.0} s of sound; worker / loop {MedianRatio:0.000}, {Plan.AtOnce} at once against one after the other "
            + $"{MedianGain:0.00} ×\n"),
    ]);

    private double Median(Func<SpeechRound, double> figure) => Rounds.Select(figure).Order().ElementAt(Rounds.Count / 2);
}
