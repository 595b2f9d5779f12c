using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Federated;

/// <summary>States of a federated training.</summary>
public enum FederatedStatus
{
    /// <summary>Participants join.</summary>
    Waiting = 0,

    Running,

    Succeeded,

    Failed,

    Cancelled,
}

/// <summary>Where a training is, as one participant sees it.</summary>
public sealed record FederatedRound
{
    public required FederatedStatus Status { get; init; }

    /// <summary>Why it failed; null where it did not.</summary>
    public string? Error { get; init; }

    public required FederatedTask Task { get; init; }

    /// <summary>Counted from 1; 0 before the first one.</summary>
    public required int Round { get; init; }

    /// <summary>Counted from 1 in each round; 0 before the first one.</summary>
    public required int Attempt { get; init; }

    public required FederatedPhase Phase { get; init; }

    /// <summary>Unix seconds at which the phase ends without those who have not answered; null when all has ended.</summary>
    public long? PhaseEndsAt { get; init; }

    /// <summary>Whether nothing is expected of this participant now: it has answered, or is no member of the attempt.</summary>
    public required bool IsDone { get; init; }

    /// <summary>Whether the participant has joined.</summary>
    public required bool HasJoined { get; init; }

    /// <summary>The layer before the round, float64 little-endian, weights by label and then biases. In the phases with keys.</summary>
    public byte[]? Weights { get; init; }

    /// <summary>In the phase of shares: the keys of all members, with their signatures.</summary>
    public IReadOnlyList<FederatedMessage>? Keys { get; init; }

    /// <summary>In the phase of masked vectors: the sealed shares for this participant.</summary>
    public IReadOnlyList<SealedShare>? Shares { get; init; }

    /// <summary>In the phase of unmasking: the members whose vectors have arrived.</summary>
    public IReadOnlyList<int>? Masked { get; init; }
}

/// <summary>Shares of a member's secrets, sealed for one holder.</summary>
/// <param name="From">The member.</param>
/// <param name="Payload"><see cref="RoundContext.SealedShareBytes"/> bytes.</param>
public sealed record SealedShare(int From, byte[] Payload);

/// <summary>What a training that succeeded has made.</summary>
public sealed record FederatedResult
{
    public required FederatedTask Task { get; init; }

    /// <summary>The layer, float64 little-endian, weights by label and then biases.</summary>
    public required byte[] Weights { get; init; }

    /// <summary>Null without an evaluation.</summary>
    public FederatedEvaluation? Evaluation { get; init; }

    /// <summary>Noisy sums that were made; 0 without noise.</summary>
    public required int NoisySums { get; init; }

    /// <summary>For <see cref="FederatedPrivacy.Delta"/>; null without noise: no ε is claimed then.</summary>
    public double? Epsilon { get; init; }
}

/// <summary>Held-out rows of all participants of the evaluation together.</summary>
/// <param name="Rows">Sum of all counts. With noise it is near the number of rows, and the other figures are too.</param>
/// <param name="Counts">By label, then by answer.</param>
public sealed record FederatedEvaluation(double Rows, double Accuracy, double MacroF1, IReadOnlyList<IReadOnlyList<double>> Counts)
{
    /// <param name="counts"><c>[labels, answers]</c>, decoded from the sum; noise may make some negative, which count as 0.</param>
    public static FederatedEvaluation Of(IReadOnlyList<double> counts, int labels)
    {
        double[][] rows = [.. counts.Select(count => Math.Max(0, count)).Chunk(labels)];
        var all = rows.Sum(row => row.Sum());
        var f1 = Enumerable.Range(0, labels).Average(label =>
        {
            var both = rows[label].Sum() + rows.Sum(row => row[label]);
            return both == 0 ? 0 : 2 * rows[label][label] / both;
        });
        return new FederatedEvaluation(
            all, all == 0 ? 0 : Enumerable.Range(0, labels).Sum(label => rows[label][label]) / all, f1, rows);
    }
}

/// <summary>JSON of the wire between kit and Learning: names in snake_case, without nulls.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(FederatedWords<FederatedPhase>), typeof(FederatedWords<FederatedStatus>)])]
[JsonSerializable(typeof(FederatedTask))]
[JsonSerializable(typeof(FederatedMessage))]
[JsonSerializable(typeof(FederatedRound))]
[JsonSerializable(typeof(FederatedResult))]
public sealed partial class FederatedJson : JsonSerializerContext;

/// <summary>Values of an enumeration as lower-case words.</summary>
internal sealed class FederatedWords<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
