using Npgsql;
using Tollgate.Contracts.Federated;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Federated;

/// <summary>Takes participants' messages. What it refuses changes nothing.</summary>
internal sealed class MessageDesk(NpgsqlDataSource dataSource, RoundSteps steps, TimeProvider clock)
{
    /// <summary>Takes a message, and the step that it makes possible.</summary>
    public async Task<OpenAiError?> TakeAsync(
        FederatedMessage message, string id, FileCaller caller, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await FederatedTable.LockAsync(connection, caller, id, cancellationToken) is not { } job)
        {
            return OpenAiError.FederatedJobNotFound(id);
        }

        var refusal = RefuseForeign(message, job)
            ?? (message.Phase == FederatedPhase.Join
                ? await JoinAsync(connection, message, job, cancellationToken)
                : await AddAsync(connection, message, job, cancellationToken));
        if (refusal is not null)
        {
            return refusal;
        }

        await steps.AdvanceAsync(connection, job, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    private static OpenAiError? RefuseForeign(FederatedMessage message, FederatedJob job)
    {
        var participants = job.Task.Participants;
        if (job.HasEnded)
        {
            return OpenAiError.FederatedJobEnded(job.Task.Id, FederatedJob.Word(job.Status));
        }

        if (message.Participant > participants.Count)
        {
            return OpenAiError.UnknownParticipant(message.Participant, participants.Count);
        }

        var context = new RoundContext(job.Task.Fingerprint(), message.Round, message.Attempt);
        return context.Verify(message, participants[message.Participant - 1])
            ? null : OpenAiError.WrongMessageSignature(message.Participant);
    }

    /// <summary>Notes that a participant agrees. It may come at any time, and takes part from the next attempt on.</summary>
    private async Task<OpenAiError?> JoinAsync(
        NpgsqlConnection connection, FederatedMessage message, FederatedJob job, CancellationToken cancellationToken)
    {
        if (message.Payload.Length > 0)
        {
            return OpenAiError.MalformedPayload("to join needs none.");
        }

        var joined = await connection.ExecuteAsync(
            "update federated_participants set joined_at = $3 where job_id = $1 and number = $2 and joined_at is null",
            cancellationToken, job.Id, message.Participant, PublicIds.Now(clock));
        return joined == 1 ? null : OpenAiError.MessageReplayed(message.Participant);
    }

    private async Task<OpenAiError?> AddAsync(
        NpgsqlConnection connection, FederatedMessage message, FederatedJob job, CancellationToken cancellationToken)
    {
        var order = (message.Round, message.Attempt, message.Phase).CompareTo((job.Round, job.Attempt, job.Phase));
        if (order != 0 || job.PhaseUntil <= clock.GetUtcNow())
        {
            return OpenAiError.MessageOutOfTurn(order <= 0, job.Place);
        }

        var attempt = await AttemptState.ReadAsync(connection, job, cancellationToken);
        if (!attempt.Members(job.Phase).Contains(message.Participant))
        {
            return OpenAiError.ParticipantNotInRound(message.Participant);
        }

        if (attempt.Senders(job.Phase).Contains(message.Participant))
        {
            return OpenAiError.MessageReplayed(message.Participant);
        }

        if (RefusePayload(message.Payload, job, attempt) is { } malformed)
        {
            return malformed;
        }

        await connection.ExecuteAsync(
            """
            insert into federated_messages (job_id, round, attempt, phase, participant, payload, signature)
            values ($1, $2, $3, $4, $5, $6, $7)
            """,
            cancellationToken, job.Id, job.Round, job.Attempt, FederatedJob.Word(job.Phase), message.Participant, message.Payload,
            message.Signature);
        await connection.ExecuteAsync(
            "update federated_participants set absent = false where job_id = $1 and number = $2 and absent", cancellationToken, job.Id,
            message.Participant);
        return null;
    }

    private static OpenAiError? RefusePayload(byte[] payload, FederatedJob job, AttemptState attempt)
    {
        var expected = job.Phase switch
        {
            FederatedPhase.Keys => 2 * AgreementKey.PointBytes,
            FederatedPhase.Shares => RoundContext.SealedShareBytes * (attempt.Senders(FederatedPhase.Keys).Length - 1),
            FederatedPhase.Masked => RingVector.NumberBytes * job.Task.NumbersOf(job.Round),
            _ => RoundContext.ShareBytes * attempt.Senders(FederatedPhase.Shares).Length,
        };
        if (payload.Length != expected)
        {
            return OpenAiError.MalformedPayload($"this step has {expected} bytes, not {payload.Length}.");
        }

        return job.Phase != FederatedPhase.Keys
            || (AgreementKey.IsPoint(payload.AsSpan(0, AgreementKey.PointBytes))
                && AgreementKey.IsPoint(payload.AsSpan(AgreementKey.PointBytes)))
                ? null : OpenAiError.MalformedPayload("a public key in it is no point of P-256.");
    }
}
