using Tollgate.Contracts.Learning;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Doors;

namespace Tollgate.Learning.Jobs;

/// <summary>
/// One run of a job, from wherever the one before ended. A run that ends early leaves the job to the next claim, of this process or of
/// another one, after a pause.
/// </summary>
internal sealed class TrainingWork(Job claimed, Claims<Job> claims, JobParts parts) : JobWork(claimed, claims, parts)
{
    private TrainingEvent _figures = new(TrainingEventKind.Progress); // The newest of each figure.
    private DateTimeOffset _toldAt = DateTimeOffset.MinValue;
    private long _paid = claimed.Runs.PaidTokens;
    private long _kept = claimed.Runs.PaidTokens; // What of it is in the database.
    private bool _began;

    protected override async Task WorkAsync(CancellationToken cancellationToken)
    {
        if (IsTrainerLost())
        {
            await Parts.Progress.ForgetTrainerAsync(Claims, Job, cancellationToken);
        }

        if (await Parts.Figures.MostUsdAsync(Job, cancellationToken) is not { } budget)
        {
            await WaitAsync(null, cancellationToken); // What the budget has left is known when all earlier runs are booked.
            return;
        }

        var (number, request) = await Parts.Progress.BeginRunAsync(Claims, Job, cancellationToken);
        var (stream, refusal) = await Parts.Sender.BeginAsync(
            Job with { Runs = Job.Runs with { Trainer = IsTrainerLost() ? null : Job.Runs.Trainer } }, Order(budget.MostUsd),
            $"{Job.PublicId}-run-{number}", request, cancellationToken);
        if (stream is null)
        {
            if (refusal!.Kind != AnswerKind.Unknown)
            {
                await Parts.Progress.ForgetRunAsync(Job.Id, number, cancellationToken);
            }

            await RefusedAsync(refusal, cancellationToken);
            return;
        }

        using (stream)
        {
            await Parts.Progress.AnsweredAsync(Job.Id, number, CancellationToken.None);
            await ReadAsync(stream, cancellationToken);
        }
    }

    private bool IsTrainerLost() =>
        Job.Runs is { Trainer: not null, TrainerSeenAt: { } seen } && Parts.Clock.GetUtcNow() - seen > Options.TrainerPatience;

    private TrainingOrder Order(decimal? mostUsd) => new()
    {
        Model = TrainedModels.TrainerOf(Job.Model),
        Stream = true,
        Job = Job.Id,
        Numbers = Job.Numbers,
        MostTokens = Math.Max(0, Job.Plan!.TokenBound - _paid), // None where only the evaluation is left.
        PaidTokens = _paid,
        MostUsd = mostUsd,
    };

    private async Task RefusedAsync(DoorAnswer refusal, CancellationToken cancellationToken)
    {
        if (refusal.Kind == AnswerKind.Final)
        {
            await Parts.Progress.FailAsync(Claims, Job.Id, JobPlanning.ErrorOf(Job, refusal), cancellationToken);
        }
        else
        {
            await WaitAsync(refusal.RetryAfter, cancellationToken);
        }
    }

    private Task WaitAsync(TimeSpan? retryAfter, CancellationToken cancellationToken) => Parts.Progress.WaitAsync(
        Claims, Job, PauseAfter(Job.Runs.Tries, retryAfter), (Job.Runs.Tries + 1, Job.Runs.Faults),
        Job.Runs.Tries == 0 ? JobEvent.Info("The job waits for a trainer.") : null, cancellationToken);

    private async Task ReadAsync(RunStream stream, CancellationToken cancellationToken)
    {
        TrainingEvent? finished = null;
        await foreach (var (id, said) in stream.ReadAsync(cancellationToken))
        {
            Note(id, said);
            switch (said.Kind)
            {
                case TrainingEventKind.Finished:
                    finished = said; // Read to its end, the stream is one that was completed.
                    break;
                case TrainingEventKind.Failed:
                    await Parts.Progress.FailAsync(
                        Claims, Job.Id, new JobError(said.Code ?? "training_failed", said.Message ?? "The training failed.", said.Param),
                        cancellationToken);
                    return;
                default:
                    await MarkAsync(said, cancellationToken);
                    break;
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (finished is null || !await Parts.Figures.FinishAsync(Claims, Job, finished, cancellationToken))
        {
            await BrokenAsync(cancellationToken); // Without a model the next run leaves it here.
        }
    }

    /// <summary>A checkpoint and the end are durable: their tokens are billed. Any event bills its id.</summary>
    private void Note(long id, TrainingEvent said)
    {
        var durable = said.Kind is TrainingEventKind.Checkpoint or TrainingEventKind.Finished ? said.TrainedTokens ?? 0 : 0;
        _paid = Math.Max(_paid, Math.Max(durable, Job.Runs.PaidTokens + id));
        _figures = _figures with
        {
            TrainLoss = said.TrainLoss ?? _figures.TrainLoss,
            ValidLoss = said.ValidLoss ?? _figures.ValidLoss,
            Accuracy = said.Accuracy ?? _figures.Accuracy,
        };
    }

    private async Task MarkAsync(TrainingEvent said, CancellationToken cancellationToken)
    {
        var now = Parts.Clock.GetUtcNow();
        JobEvent? happened = null;
        switch (said.Kind)
        {
            case TrainingEventKind.Started when !_began:
                _began = true;
                happened = JobEvent.Info(
                    said.Step is > 0 and var step ? $"Fine-tuning job goes on from step {step}" : "Fine-tuning job started");
                break;
            case TrainingEventKind.Checkpoint:
                said = said with
                {
                    TrainLoss = said.TrainLoss ?? _figures.TrainLoss,
                    ValidLoss = said.ValidLoss ?? _figures.ValidLoss,
                    Accuracy = said.Accuracy ?? _figures.Accuracy,
                };
                happened = JobEvent.Of(said);
                break;
            case TrainingEventKind.Epoch:
                happened = JobEvent.Of(said);
                break;
            case TrainingEventKind.Progress when now - _toldAt >= ProgressPause(now):
                _toldAt = now;
                happened = said.Step is > 0 ? JobEvent.Of(said) : null;
                break;
            case TrainingEventKind.Progress when _paid == _kept:
                return; // The marks of the next one say more.
            default:
                break;
        }

        await Parts.Progress.MarkAsync(Claims, Job.Id, new RunMark(said, _began, _paid, happened), cancellationToken);
        _kept = _paid;
    }

    /// <summary>A hundredth of the job's life, so that a long job has no more events than a short one.</summary>
    private TimeSpan ProgressPause(DateTimeOffset now)
    {
        var share = (now - Job.CreatedAt) / 100;
        return share > Options.ProgressEvery ? share : Options.ProgressEvery;
    }

    private async Task BrokenAsync(CancellationToken cancellationToken)
    {
        var faults = _paid > Job.Runs.PaidTokens ? 1 : Job.Runs.Faults + 1;
        if (faults >= Options.MaxFaults)
        {
            var error = OpenAiError.TrainingKeptFailing(faults);
            await Parts.Progress.FailAsync(Claims, Job.Id, new JobError(error.Code!, error.Message, error.Param), cancellationToken);
            return;
        }

        await Parts.Progress.WaitAsync(
            Claims, Job, PauseAfter(faults - 1, null), (0, faults),
            JobEvent.Warn("The run ended early. The next one goes on from the last checkpoint."), cancellationToken);
    }
}
