using Npgsql;
using Tollgate.Contracts.Federated;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Federated;

/// <param name="Number">From 1.</param>
/// <param name="JoinedAt">Null before it joined.</param>
/// <param name="IsAbsent">It did not answer in time, and not since.</param>
internal sealed record ParticipantState(int Number, DateTimeOffset? JoinedAt, bool IsAbsent)
{
    public static Task<List<ParticipantState>> ReadAsync(
        NpgsqlConnection connection, FederatedJob job, CancellationToken cancellationToken) => connection.ReadRowsAsync(
        "select number, joined_at, absent from federated_participants where job_id = $1 order by number",
        row => new ParticipantState(
            row.GetInt32(0), row.IsDBNull(1) ? null : row.GetFieldValue<DateTimeOffset>(1), row.GetBoolean(2)),
        cancellationToken, job.Id);
}

/// <summary>Who has sent what in the present attempt.</summary>
internal sealed class AttemptState
{
    private readonly Dictionary<FederatedPhase, int[]> _senders;

    private AttemptState(IReadOnlyList<ParticipantState> participants, Dictionary<FederatedPhase, int[]> senders) =>
        (Participants, _senders) = (participants, senders);

    public IReadOnlyList<ParticipantState> Participants { get; }

    public static async Task<AttemptState> ReadAsync(
        NpgsqlConnection connection, FederatedJob job, CancellationToken cancellationToken)
    {
        var participants = await ParticipantState.ReadAsync(connection, job, cancellationToken);
        var sent = await connection.ReadRowsAsync(
            "select phase, participant from federated_messages where job_id = $1 and round = $2 and attempt = $3",
            row => (Phase: Enum.Parse<FederatedPhase>(row.GetString(0), ignoreCase: true), Participant: row.GetInt32(1)),
            cancellationToken, job.Id, job.Round, job.Attempt);
        return new AttemptState(
            participants,
            sent.GroupBy(message => message.Phase, message => message.Participant).ToDictionary(
                group => group.Key, group => group.Order().ToArray()));
    }

    /// <summary>Numbers of those whose message of a phase arrived, in rising order.</summary>
    public int[] Senders(FederatedPhase phase) => phase == FederatedPhase.Join
        ? [.. Participants.Where(one => one.JoinedAt is not null).Select(one => one.Number)]
        : _senders.GetValueOrDefault(phase) ?? [];

    /// <summary>Those who may send a message of a phase: who sent one of the phase before. Anybody may join.</summary>
    public int[] Members(FederatedPhase phase) => phase == FederatedPhase.Join
        ? [.. Participants.Select(one => one.Number)]
        : Senders(phase - 1);

    /// <summary>Members of a phase whose message is waited for until the phase's end.</summary>
    public IEnumerable<int> Awaited(FederatedPhase phase) => Members(phase).Except(Senders(phase))
        .Where(number => phase != FederatedPhase.Keys || !Participants[number - 1].IsAbsent);
}
