using System.Runtime.InteropServices;
using System.Text.Json;
using Npgsql;
using Tollgate.Contracts.Federated;
using Tollgate.Learning.Callers;

namespace Tollgate.Learning.Federated;

/// <summary>A federated training as its row states it.</summary>
internal sealed record FederatedJob
{
    public const string Prefix = "fed-";

    /// <summary>Condition of SQL: the training has not ended.</summary>
    public const string IsLive = "status in ('waiting', 'running')";

    /// <summary>Columns in the order of <see cref="Read"/>.</summary>
    public const string Columns =
        "organization_id, project_id, key_id, id, task, status, error_code, error, round, attempt, phase, phase_until, weights, counts, "
        + "sums, created_at, started_at, finished_at";

    public required FileCaller Caller { get; init; }

    public required Guid Id { get; init; }

    public required FederatedTask Task { get; init; }

    public required FederatedStatus Status { get; init; }

    /// <summary>Why it failed: code and sentence.</summary>
    public string? ErrorCode { get; init; }

    public string? Error { get; init; }

    /// <summary>0 before the first round.</summary>
    public int Round { get; init; }

    public int Attempt { get; init; }

    public FederatedPhase Phase { get; init; }

    public required DateTimeOffset PhaseUntil { get; init; }

    /// <summary>The layer after the last whole round, weights by label and then biases.</summary>
    public required double[] Weights { get; init; }

    /// <summary>Sum of the evaluation; null before it, or without one.</summary>
    public double[]? Counts { get; init; }

    /// <summary>Sums that were opened, or may have been.</summary>
    public int Sums { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public bool HasEnded => Status is not (FederatedStatus.Waiting or FederatedStatus.Running);

    /// <summary>What the messages of the present attempt are tied to.</summary>
    public RoundContext Context => new(Task.Fingerprint(), Round, Attempt);

    /// <summary>For people, such as <c>round 2, attempt 1, phase keys</c>.</summary>
    public string Place => $"round {Round}, attempt {Attempt}, phase {Word(Phase)}";

    /// <summary>ε of the sums so far; null without noise.</summary>
    public double? Epsilon => Task.Privacy.NoiseMultiplier == 0
        ? null : PrivacyAccountant.Epsilon(Task.Privacy.NoiseMultiplier, Sums, Task.Privacy.Delta);

    /// <summary>Null without an evaluation.</summary>
    public FederatedEvaluation? Evaluation => Counts is null ? null : FederatedEvaluation.Of(Counts, Task.Labels.Count);

    /// <summary>A value of an enumeration as rows and wire have it.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    public static byte[] ToBytes(double[] numbers) => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();

    public static FederatedJob Read(NpgsqlDataReader row) => new()
    {
        Caller = new FileCaller(row.GetGuid(0), row.GetGuid(1), row.GetGuid(2)),
        Id = row.GetGuid(3),
        Task = JsonSerializer.Deserialize(row.GetString(4), FederatedJson.Default.FederatedTask)!,
        Status = Enum.Parse<FederatedStatus>(row.GetString(5), ignoreCase: true),
        ErrorCode = row.IsDBNull(6) ? null : row.GetString(6),
        Error = row.IsDBNull(7) ? null : row.GetString(7),
        Round = row.GetInt32(8),
        Attempt = row.GetInt32(9),
        Phase = Enum.Parse<FederatedPhase>(row.GetString(10), ignoreCase: true),
        PhaseUntil = row.GetFieldValue<DateTimeOffset>(11),
        Weights = Numbers(row.GetFieldValue<byte[]>(12)),
        Counts = row.IsDBNull(13) ? null : Numbers(row.GetFieldValue<byte[]>(13)),
        Sums = row.GetInt32(14),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(15),
        StartedAt = row.IsDBNull(16) ? null : row.GetFieldValue<DateTimeOffset>(16),
        FinishedAt = row.IsDBNull(17) ? null : row.GetFieldValue<DateTimeOffset>(17),
    };

    private static double[] Numbers(byte[] bytes) => MemoryMarshal.Cast<byte, double>(bytes).ToArray();
}
