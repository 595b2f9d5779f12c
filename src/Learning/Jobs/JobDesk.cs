using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Jobs;

/// <summary>Takes new jobs.</summary>
internal sealed class JobDesk(
    JobTable table, FileTable files, [FromKeyedServices(JobPlanner.Key)] Claims<Job> claims, JobParts parts, IOptions<JobOptions> options,
    TimeProvider clock)
{
    /// <summary>Makes a job of a checked request. Its plan is asked for at once, so that a model that cannot be trained is refused here;
    /// a plan that takes longer than <see cref="JobOptions.FirstPlan"/> follows.</summary>
    public async Task<OrRefusal<Job>> CreateAsync(
        FineTuningJobRequest request, FileCaller caller, KeyOfCall key, CancellationToken cancellationToken)
    {
        if (!(await FindAsync(caller, "training_file", request.TrainingFile, cancellationToken)).TryGet(out var training, out var refusal))
        {
            return refusal;
        }

        StoredFile? validation = null;
        if (request.ValidationFile is { } named
            && !(await FindAsync(caller, "validation_file", named, cancellationToken)).TryGet(out validation, out refusal))
        {
            return refusal;
        }

        var now = PublicIds.Now(clock);
        var job = new Job
        {
            Caller = caller,
            Id = Guid.CreateVersion7(now),
            KeyPublicId = key.PublicId,
            Model = request.Model,
            TrainingFile = training.Id,
            ValidationFile = validation?.Id,
            Numbers = Numbers(request),
            UsdBudget = request.UsdBudget,
            Suffix = request.Suffix,
            Metadata = request.Metadata is { } pairs ? RequestMetadata.ToJson(pairs) : null,
            Status = JobStatus.Validating,
            CreatedAt = now,
        };
        if (await table.AddAsync(job, claims.Runner, cancellationToken) is { } full)
        {
            return full;
        }

        try
        {
            return await PlanAsync(job, cancellationToken) is { } wrong ? wrong : (await table.FindAsync(job.Id, cancellationToken))!;
        }
        catch (ClaimLostException)
        {
            return (await table.FindAsync(job.Id, cancellationToken))!; // Somebody has found it in the list, and ended it.
        }
        finally
        {
            await claims.ReleaseAsync(job.Id, CancellationToken.None);
        }
    }

    private async Task<OpenAiError?> PlanAsync(Job job, CancellationToken cancellationToken)
    {
        var outcome = await parts.Planning.AskAsync(job, options.Value.FirstPlan, cancellationToken);
        if (outcome.Plan is { } plan)
        {
            await parts.Progress.PlannedAsync(claims, job, plan, cancellationToken);
        }
        else if (outcome.Error is { Param: "model" } unknown)
        {
            await table.TakeBackAsync(job.Id, cancellationToken);
            return new OpenAiError(
                unknown.Code == "model_not_found" ? 404 : 400, "invalid_request_error", unknown.Code, unknown.Message, unknown.Param);
        }
        else if (outcome.Error is { } error)
        {
            await parts.Progress.FailAsync(claims, job.Id, error, cancellationToken);
        }

        return null; // Where nothing is known yet, the planner asks again.
    }

    private async Task<OrRefusal<StoredFile>> FindAsync(FileCaller caller, string param, string id, CancellationToken cancellationToken)
    {
        if (await files.FindAsync(caller, PublicIds.Parse(id, StoredFile.Prefix), cancellationToken) is not { } file)
        {
            return OpenAiError.TrainingFileNotFound(param, id);
        }

        return file.Purpose != FilePurposes.FineTune
            ? OpenAiError.UnusableTrainingFile(
                param, file.PublicId, $"Its purpose is '{file.Purpose}'; send it with the purpose '{FilePurposes.FineTune}'.")
            : file.Details is { } faults ? OpenAiError.UnusableTrainingFile(param, file.PublicId, $"It has faults: {faults}")
            : file;
    }

    private static TrainingNumbers Numbers(FineTuningJobRequest request) => new()
    {
        Method = request.Method,
        Epochs = request.Hyperparameters.Epochs,
        BatchSize = request.Hyperparameters.BatchSize,
        LearningRateMultiplier = request.Hyperparameters.LearningRateMultiplier,
        Seed = request.Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue),
        HasValidationFile = request.ValidationFile is not null,
        ValidationShare = request.ValidationShare,
        StopsEarly = request.EarlyStopping,
        BalancesLabels = request.BalanceLabels,
        Int8 = request.Int8,
        TokenBudget = request.TokenBudget,
        CheckpointEvery = request.CheckpointEvery,
    };
}
