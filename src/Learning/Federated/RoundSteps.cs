using Npgsql;
using Tollgate.Contracts.Federated;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Federated;

/// <summary>
/// Moves trainings from phase to phase, inside the transaction that holds the training's row. A phase ends when everybody awaited has
/// answered, or at its time with the survivors. Too few survivors repeat the round; after vectors may have been unmasked they end the
/// training, because a second sum over other members would show the difference.
/// </summary>
internal sealed class RoundSteps(TimeProvider clock)
{
    /// <summary>Deviations of noise that a sum may be off.</summary>
    private const double NoiseTail = 12;

    /// <summary>Takes the step that is due, if one is.</summary>
    public Task AdvanceAsync(NpgsqlConnection connection, FederatedJob job, CancellationToken cancellationToken) => job.HasEnded
        ? Task.CompletedTask
        : new Step(connection, job, clock.GetUtcNow(), cancellationToken).AdvanceAsync();

    /// <summary>Ends a training.</summary>
    /// <param name="code">Null where it did not fail.</param>
    public Task EndAsync(
        NpgsqlConnection connection, FederatedJob job, FederatedStatus status, string? code, string? error,
        CancellationToken cancellationToken) =>
        new Step(connection, job, clock.GetUtcNow(), cancellationToken).EndAsync(status, code, error);

    private sealed class Step(NpgsqlConnection connection, FederatedJob job, DateTimeOffset now, CancellationToken cancellationToken)
    {
        public async Task AdvanceAsync()
        {
            var attempt = await AttemptState.ReadAsync(connection, job, cancellationToken);
            var senders = attempt.Senders(job.Phase);
            int[] awaited = [.. attempt.Awaited(job.Phase)];
            var (isDue, areEnough) = (job.PhaseUntil <= now, senders.Length >= job.Task.Minimum);
            if (areEnough && (isDue || awaited.Length == 0 || job.Phase == FederatedPhase.Unmask))
            {
                await NoteAbsentAsync(job.Phase == FederatedPhase.Unmask ? [] : awaited);
                await GoOnAsync();
            }
            else if (isDue)
            {
                await NoteAbsentAsync(awaited);
                await GiveUpAsync(senders.Length);
            }
        }

        public async Task EndAsync(FederatedStatus status, string? code, string? error)
        {
            await connection.ExecuteAsync(
                "update federated_jobs set status = $2, error_code = $3, error = $4, finished_at = $5 where id = $1",
                cancellationToken, job.Id, FederatedJob.Word(status), code, error, now);
            await ForgetAsync();
        }

        private async Task GoOnAsync()
        {
            switch (job.Phase)
            {
                case FederatedPhase.Join:
                    await connection.ExecuteAsync(
                        "update federated_jobs set status = 'running', started_at = $2 where id = $1", cancellationToken, job.Id, now);
                    await BeginAsync(1, 1, FederatedPhase.Keys);
                    break;
                case FederatedPhase.Unmask:
                    await FinishAsync();
                    break;
                default:
                    if (job.Phase == FederatedPhase.Masked)
                    {
                        await connection.ExecuteAsync(
                            "update federated_jobs set sums = sums + 1 where id = $1", cancellationToken, job.Id);
                    }

                    await BeginAsync(job.Round, job.Attempt, job.Phase + 1);
                    break;
            }
        }

        private async Task GiveUpAsync(int answered)
        {
            var why = $"In {job.Place} only {answered} participants answered in time, and {job.Task.Minimum} are needed.";
            if (job.Phase == FederatedPhase.Unmask)
            {
                await EndAsync(
                    FederatedStatus.Failed, "too_few_unmasked",
                    $"{why} The round is not repeated, because two sums over different members would show a single update.");
            }
            else if (job.Phase == FederatedPhase.Join || job.Attempt == job.Task.Attempts)
            {
                await EndAsync(FederatedStatus.Failed, "too_few_participants", why);
            }
            else
            {
                await ForgetAsync();
                await BeginAsync(job.Round, job.Attempt + 1, FederatedPhase.Keys);
            }
        }

        private async Task FinishAsync()
        {
            double[] sum;
            int[] members;
            try
            {
                (sum, members) = await OpenAsync();
            }
            catch (MaskedSumException exception)
            {
                await EndAsync(FederatedStatus.Failed, exception.Code, exception.Message);
                return;
            }

            await connection.ExecuteAsync(
                "insert into federated_rounds (job_id, round, attempts, members, ended_at) values ($1, $2, $3, $4, $5)",
                cancellationToken, job.Id, job.Round, job.Attempt, members, now);
            await connection.ExecuteAsync(
                job.Task.Evaluates(job.Round)
                    ? "update federated_jobs set counts = $2 where id = $1" : "update federated_jobs set weights = $2 where id = $1",
                cancellationToken, job.Id, FederatedJob.ToBytes(job.Task.Evaluates(job.Round)
                    ? sum : [.. job.Weights.Zip(sum, (weight, change) => weight + (change / members.Length))]));
            if (job.Round == job.Task.LastRound)
            {
                await EndAsync(FederatedStatus.Succeeded, null, null);
                return;
            }

            await ForgetAsync();
            await BeginAsync(job.Round + 1, 1, FederatedPhase.Keys);
        }

        private async Task<(double[] Sum, int[] Members)> OpenAsync()
        {
            var messages = await connection.ReadRowsAsync(
                "select phase, participant, payload from federated_messages where job_id = $1 and round = $2 and attempt = $3",
                row => (Phase: Enum.Parse<FederatedPhase>(row.GetString(0), ignoreCase: true), Member: row.GetInt32(1),
                    Payload: row.GetFieldValue<byte[]>(2)),
                cancellationToken, job.Id, job.Round, job.Attempt);
            Dictionary<int, byte[]> Of(FederatedPhase phase) =>
                messages.Where(one => one.Phase == phase).ToDictionary(one => one.Member, one => one.Payload);
            var (keys, shared) = (Of(FederatedPhase.Keys), Of(FederatedPhase.Shares));
            var vectors = Of(FederatedPhase.Masked).ToDictionary(one => one.Key, one => RingVector.FromBytes(one.Value));
            var sum = RingVector.Decode(new MaskedSum(job.Context, job.Task.Minimum)
            {
                Points = shared.Keys.ToDictionary(member => member, member => keys[member][AgreementKey.PointBytes..]),
                Vectors = vectors,
                Disclosed = Of(FederatedPhase.Unmask),
            }.Open());
            Check(sum, vectors.Count);
            return (sum, [.. vectors.Keys.Order()]);
        }

        /// <summary>Refuses a sum that its members cannot have: a wrong share of a seed leaves a mask, and so numbers of any
        /// size.</summary>
        private void Check(double[] sum, int members)
        {
            var task = job.Task;
            var most = (members * task.BoundOf(job.Round))
                + (NoiseTail * task.NoiseOf(job.Round) * Math.Sqrt(members / (double)task.Minimum));
            if (Array.Exists(sum, number => !(Math.Abs(number) <= most)))
            {
                throw new MaskedSumException(
                    "sum_out_of_range",
                    $"The sum of round {job.Round} has a number above what its members may send: one sent a wrong vector or share.");
            }
        }

        private Task<int> BeginAsync(int round, int attempt, FederatedPhase phase) => connection.ExecuteAsync(
            "update federated_jobs set round = $2, attempt = $3, phase = $4, phase_until = $5 where id = $1", cancellationToken, job.Id,
            round, attempt, FederatedJob.Word(phase), now + TimeSpan.FromSeconds(job.Task.PhaseSeconds));

        private Task NoteAbsentAsync(int[] numbers) => numbers.Length == 0 ? Task.CompletedTask : connection.ExecuteAsync(
            "update federated_participants set absent = true where job_id = $1 and number = any($2)", cancellationToken, job.Id,
            numbers);

        private Task<int> ForgetAsync() =>
            connection.ExecuteAsync("delete from federated_messages where job_id = $1", cancellationToken, job.Id);
    }
}
