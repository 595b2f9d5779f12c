using System.Globalization;
using Tollgate.Contracts.Federated;

namespace Tollgate.FederatedKit.Rounds;

/// <summary>States in plain words what a training is and what leaves the machine.</summary>
internal static class PlainWords
{
    public static string Of(FederatedTask task, int number) => string.Join(
        '\n',
        [
            $"Training {task.Id}. SHA-256 of its task: {task.Fingerprint()}. Compare it with the owner's over another way.",
            $"You are participant {number} of {task.Participants.Count}, '{task.Participants[number - 1].Name}'.",
            $"Labels: {string.Join(", ", task.Labels)}. Base model: {task.BaseModel.Name}, SHA-256 {task.BaseModel.Sha256}.",
            "",
            $"What leaves this machine in each of {task.LastRound} rounds, signed with your key:",
            "  2 public keys that are made for the round;",
            $"  {RoundContext.SealedShareBytes} bytes for each other member of the round, which only it can open: shares of two secrets;",
            $"  {RingVector.NumberBytes * task.NumbersOf(1)} bytes under masks: the change of the layer, "
            + $"{task.NumbersOf(1)} numbers, cut to "
                + $"the norm {Text(task.Privacy.ClipNorm)};",
            "  a share of one secret of each member, from which no single update can be read.",
            task.EvaluationRows == 0
                ? "There is no evaluation."
                : $"In the last round {task.NumbersOf(task.LastRound)} counts stand in the change's place: how at most "
                    + $"{task.EvaluationRows} of your held-out rows are answered.",
            "What stays here: texts, labels, vectors of texts, the number of your rows, and your update without masks.",
            $"What others learn: the sum over at least {task.Minimum} participants, after each round.",
            Noise(task),
        ]);

    private static string Noise(FederatedTask task) => task.Privacy.NoiseMultiplier == 0
        ? "No noise is added: sums are exact, and no epsilon is claimed."
        : $"Noise of {Text(task.Privacy.NoiseMultiplier)} times the norm is in each sum. After all rounds epsilon is "
            + $"{Text(Math.Round(PrivacyAccountant.Epsilon(task.Privacy.NoiseMultiplier, task.LastRound, task.Privacy.Delta), 3))} "
            + $"for delta {Text(task.Privacy.Delta)}.";

    private static string Text(double number) => number.ToString("0.###############", CultureInfo.InvariantCulture);
}
