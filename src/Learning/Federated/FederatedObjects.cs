using System.Text.Json.Serialization;
using Tollgate.Contracts.Federated;
using Tollgate.Learning.Callers;

namespace Tollgate.Learning.Federated;

/// <summary>A federated training as its owner sees it.</summary>
internal sealed record FederatedJobObject(string Id, string Object, string Status, FederatedErrorObject? Error)
{
    public required long CreatedAt { get; init; }

    public required long? StartedAt { get; init; }

    public required long? FinishedAt { get; init; }

    /// <summary>What all agree on; its hash is what participants compare.</summary>
    public required FederatedTask Task { get; init; }

    public required string TaskSha256 { get; init; }

    public required int Round { get; init; }

    public required int Attempt { get; init; }

    /// <summary>Null when all has ended.</summary>
    public required string? Phase { get; init; }

    public required long? PhaseEndsAt { get; init; }

    public required IReadOnlyList<FederatedParticipantObject> Participants { get; init; }

    public required IReadOnlyList<FederatedEndedRound> EndedRounds { get; init; }

    /// <summary>Of the sums so far; null without noise.</summary>
    public required double? Epsilon { get; init; }

    public required FederatedEvaluation? Evaluation { get; init; }

    public static FederatedJobObject Of(FederatedJob job, IReadOnlyList<ParticipantState> participants, IReadOnlyList<EndedRound> rounds) =>
        new(
            job.Task.Id, "fine_tuning.federated_job", FederatedJob.Word(job.Status),
            job.ErrorCode is { } code ? new FederatedErrorObject(code, job.Error!) : null)
        {
            CreatedAt = job.CreatedAt.ToUnixTimeSeconds(),
            StartedAt = job.StartedAt?.ToUnixTimeSeconds(),
            FinishedAt = job.FinishedAt?.ToUnixTimeSeconds(),
            Task = job.Task,
            TaskSha256 = job.Task.Fingerprint(),
            Round = job.Round,
            Attempt = job.Attempt,
            Phase = job.HasEnded ? null : FederatedJob.Word(job.Phase),
            PhaseEndsAt = job.HasEnded ? null : job.PhaseUntil.ToUnixTimeSeconds(),
            Participants =
            [
                .. participants.Select(one => new FederatedParticipantObject(
                    one.Number, job.Task.Participants[one.Number - 1].Name, job.Task.Participants[one.Number - 1].Fingerprint(),
                    one.JoinedAt?.ToUnixTimeSeconds(), one.IsAbsent)),
            ],
            EndedRounds = [.. rounds.Select(round => new FederatedEndedRound(round.Round, round.Attempts, round.Members))],
            Epsilon = job.Epsilon,
            Evaluation = job.Evaluation,
        };
}

internal sealed record FederatedErrorObject(string Code, string Message);

/// <param name="KeySha256">Of the registered key.</param>
/// <param name="IsAbsent">It did not answer in time, and not since.</param>
internal sealed record FederatedParticipantObject(int Number, string Name, string KeySha256, long? JoinedAt, bool IsAbsent);

/// <param name="Members">Numbers of those whose vectors are in the sum.</param>
internal sealed record FederatedEndedRound(int Round, int Attempts, IReadOnlyList<int> Members);

/// <summary>The answer to a message.</summary>
internal sealed record FederatedTaken(string Object, bool Taken);

/// <summary>Serializes the objects above.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FederatedJobObject))]
[JsonSerializable(typeof(ListPage<FederatedJobObject>), TypeInfoPropertyName = "FederatedList")]
[JsonSerializable(typeof(FederatedTaken))]
internal sealed partial class FederatedObjectsJson : JsonSerializerContext;
