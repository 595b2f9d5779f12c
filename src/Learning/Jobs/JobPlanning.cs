using System.Text.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Doors;

namespace Tollgate.Learning.Jobs;

/// <summary>What became of a request for a plan: exactly one of plan and error, or neither where nothing is known yet.</summary>
internal sealed record PlanOutcome(TrainingPlan? Plan, JobError? Error, TimeSpan? RetryAfter);

/// <summary>Asks a trainer, through the gateway, what a job will do. Costs nothing. Thread-safe.</summary>
internal sealed class JobPlanning(RunSender sender)
{
    /// <param name="most">Longest time; nothing is known after it.</param>
    public async Task<PlanOutcome> AskAsync(Job job, TimeSpan most, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(most);
        try
        {
            return await AskAsync(job, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new PlanOutcome(null, null, null);
        }
    }

    private async Task<PlanOutcome> AskAsync(Job job, CancellationToken cancellationToken)
    {
        var order = new TrainingOrder
        {
            Model = TrainedModels.TrainerOf(job.Model), Job = job.Id, Numbers = job.Numbers, MostUsd = job.UsdBudget,
        };
        var answer = await sender.AskAsync(job, order, $"{job.PublicId}-plan-{Guid.NewGuid():N}", cancellationToken);
        if (answer.Kind != AnswerKind.Final)
        {
            return new PlanOutcome(null, null, answer.RetryAfter);
        }

        return answer.Status < 400
            ? new PlanOutcome(JsonSerializer.Deserialize(answer.Body, ContractsJson.Default.TrainingPlan), null, null)
            : new PlanOutcome(null, ErrorOf(job, answer), null);
    }

    /// <summary>The gateway's error as the job shows it.</summary>
    public static JobError ErrorOf(Job job, DoorAnswer answer)
    {
        using var body = JsonDocument.Parse(answer.Body);
        var error = body.RootElement.GetProperty("error");
        var (code, message, param) = (Text(error, "code") ?? Text(error, "type"), Text(error, "message"), Text(error, "param"));
        if (code == "model_not_found")
        {
            var unknown = OpenAiError.ModelNotTrainable(job.Model);
            return new JobError(unknown.Code!, unknown.Message, unknown.Param);
        }

        // Insufficient money is a type with several codes; clients look for the type's name.
        return new JobError(
            Text(error, "type") == "insufficient_quota" ? "insufficient_quota" : code ?? "training_failed",
            message ?? "The training was refused.", param);
    }

    private static string? Text(JsonElement error, string name) =>
        error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>Plans a job.</summary>
internal sealed class PlanWork(Job claimed, Claims<Job> claims, JobParts parts) : JobWork(claimed, claims, parts)
{
    protected override async Task WorkAsync(CancellationToken cancellationToken)
    {
        var outcome = await Parts.Planning.AskAsync(Job, Options.Silence, cancellationToken);
        if (outcome.Plan is { } plan)
        {
            await Parts.Progress.PlannedAsync(Claims, Job, plan, cancellationToken);
        }
        else if (outcome.Error is { } error)
        {
            await Parts.Progress.FailAsync(Claims, Job.Id, error, cancellationToken);
        }
        else
        {
            var tries = Job.Runs.Tries;
            await Parts.Progress.WaitAsync(
                Claims, Job, PauseAfter(tries, outcome.RetryAfter), (tries + 1, Job.Runs.Faults),
                tries == 0 ? JobEvent.Info("Validating files: the job waits for a trainer.") : null, cancellationToken);
        }
    }
}
