using Npgsql;
using Tollgate.Contracts.Federated;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Federated;

/// <summary>What a participant is shown of a training.</summary>
internal sealed class RoundView(NpgsqlDataSource dataSource)
{
    /// <param name="participant">A number of the task.</param>
    public async Task<FederatedRound> OfAsync(FederatedJob job, int participant, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(job.Caller.OrganizationId, cancellationToken);
        var attempt = await AttemptState.ReadAsync(connection, job, cancellationToken);
        var isDone = job.HasEnded || !attempt.Members(job.Phase).Contains(participant)
            || attempt.Senders(job.Phase).Contains(participant);
        var view = new FederatedRound
        {
            Status = job.Status,
            Error = job.Error,
            Task = job.Task,
            Round = job.Round,
            Attempt = job.Attempt,
            Phase = job.Phase,
            PhaseEndsAt = job.HasEnded ? null : job.PhaseUntil.ToUnixTimeSeconds(),
            IsDone = isDone,
            HasJoined = attempt.Participants[participant - 1].JoinedAt is not null,
        };
        return isDone ? view : job.Phase switch
        {
            FederatedPhase.Keys => view with { Weights = FederatedJob.ToBytes(job.Weights) },
            FederatedPhase.Shares => view with { Keys = await KeysAsync(connection, job, cancellationToken) },
            FederatedPhase.Masked => view with
            {
                Shares = await SharesAsync(connection, job, attempt.Senders(FederatedPhase.Keys), participant, cancellationToken),
            },
            FederatedPhase.Unmask => view with { Masked = attempt.Senders(FederatedPhase.Masked) },
            _ => view,
        };
    }

    private static Task<List<FederatedMessage>> KeysAsync(
        NpgsqlConnection connection, FederatedJob job, CancellationToken cancellationToken) => connection.ReadRowsAsync(
        """
        select participant, payload, signature from federated_messages
        where job_id = $1 and round = $2 and attempt = $3 and phase = 'keys' order by participant
        """,
        row => new FederatedMessage(
            row.GetInt32(0), job.Round, job.Attempt, FederatedPhase.Keys, row.GetFieldValue<byte[]>(1), row.GetFieldValue<byte[]>(2)),
        cancellationToken, job.Id, job.Round, job.Attempt);

    /// <summary>Each member's message of shares holds one part for each other member, in rising order.</summary>
    private static Task<List<SealedShare>> SharesAsync(
        NpgsqlConnection connection, FederatedJob job, int[] members, int participant, CancellationToken cancellationToken) =>
        connection.ReadRowsAsync(
            """
            select participant, payload from federated_messages
            where job_id = $1 and round = $2 and attempt = $3 and phase = 'shares' and participant <> $4 order by participant
            """,
            row =>
            {
                var from = row.GetInt32(0);
                var place = Array.IndexOf([.. members.Where(member => member != from)], participant);
                return new SealedShare(
                    from, row.GetFieldValue<byte[]>(1).AsSpan(
                        place * RoundContext.SealedShareBytes, RoundContext.SealedShareBytes).ToArray());
            },
            cancellationToken, job.Id, job.Round, job.Attempt, participant);
}
