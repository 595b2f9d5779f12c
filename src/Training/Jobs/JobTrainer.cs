using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Models;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Worker;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;

namespace Tollgate.Training.Jobs;

/// <summary>Trains jobs: files from Learning, the training on a thread of the lowest priority, the result back to Learning. Thread-safe.
/// </summary>
internal sealed partial class JobTrainer(
    JobFolders folders, LearningFiles files, TrainerParts parts, IOptions<TrainerOptions> options, TimeProvider clock,
    ILogger<JobTrainer> logger)
{
    public TimeProvider Clock => clock;

    public TrainingSlots Slots => parts.Slots;

    /// <summary>Name in the directory of workers.</summary>
    public string Name => parts.Worker.WorkerId;

    /// <summary>Runs work on a thread of its own, of the priority that the operator chose.</summary>
    public Task<TResult> OnThreadAsync<TResult>(Func<Task<TResult>> work) => BackgroundThread.RunAsync(work, options.Value.LowestPriority);

    /// <summary>What a job will do, or the error to answer with.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<(TrainingPlan? Plan, OpenAiError? Refusal)> PlanAsync(JobRequest request, CancellationToken cancellationToken)
    {
        var folder = folders.Open(request.Order.Job);
        var ended = false;
        try
        {
            await files.FetchAsync(folder, request.Order.Numbers.HasValidationFile, cancellationToken);
            var run = await OnThreadAsync(() => PreparedRun.ReadAsync(Request(request, folder), cancellationToken));
            return (
                new TrainingPlan(
                    run.Choice.Method.ToString().ToLowerInvariant(), run.Choice.Reason, run.TokenBound, run.Numbers.Epochs,
                    run.Numbers.BatchSize, run.Numbers.LearningRateMultiplier, run.Division.Set.Train.Length,
                    run.Division.Set.HeldOut.Length),
                null);
        }
        catch (Exception exception) when (IsFault(exception))
        {
            return (null, OpenAiError.UntrainableJob(exception.Message, (exception as TrainingException)?.Param));
        }
        catch (Exception exception) when (exception is HttpRequestException or JobEndedException)
        {
            ended = exception is JobEndedException;
            LogNoFiles(logger, request.Order.Job, exception.Message);
            return (null, OpenAiError.Overloaded(TimeSpan.FromSeconds(5)));
        }
        finally
        {
            folders.Close(folder, ended);
        }
    }

    /// <summary>Trains a job to its end, and ends the events.</summary>
    /// <returns>The error with which its stream ends; null after the event that ends the job, and where the run was cancelled.</returns>
    public async Task<OpenAiError?> TrainAsync(JobRequest request, JobEvents events, CancellationToken cancellationToken)
    {
        // A trainer that stops writes a checkpoint at once, instead of training on for the time that running answers have.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, parts.Draining.Beginning);
        var (folder, ended) = (folders.Open(request.Order.Job), false);
        try
        {
            events.Wait();
            using var place = await Slots.WaitAsync(request.Model.Name, stop.Token);
            events.Start(Checkpoints.NewestStep(Path.Combine(folder.Work, "checkpoints")));
            await files.FetchAsync(folder, request.Order.Numbers.HasValidationFile, stop.Token);
            await OnThreadAsync(() => RunAsync(request, folder, events, stop.Token));
            await files.UploadAsync(folder, stop.Token);
            var result = JsonDocument.Parse(await File.ReadAllBytesAsync(ResultOf(folder), stop.Token)).RootElement;
            events.Finish(result.GetProperty("trained_tokens").GetInt64(), result);
            return null; // The folder stays until Learning has heard of it: a run that nobody heard to its end is not trained again.
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return cancellationToken.IsCancellationRequested ? null : OpenAiError.ShuttingDown();
        }
        catch (Exception exception) when (IsFault(exception))
        {
            events.Fail(exception.Message, (exception as TrainingException)?.Param);
            ended = true;
            return null;
        }
        catch (Exception exception) when (exception is HttpRequestException or JobEndedException)
        {
            ended = exception is JobEndedException;
            LogNoFiles(logger, request.Order.Job, exception.Message);
            return OpenAiError.Overloaded(TimeSpan.FromSeconds(5));
        }
#pragma warning disable CA1031 // A full disk, too little memory: the next run of the job may succeed, and the other jobs go on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(logger, exception, request.Order.Job);
            return OpenAiError.ServerError();
        }
        finally
        {
            events.End();
            folders.Close(folder, ended);
        }
    }

    private static string ResultOf(JobFolder folder) => Path.Combine(folder.Output, TrainingRun.ResultName);

    /// <summary>Files, numbers and model do not fit together, and never will.</summary>
    private static bool IsFault(Exception exception) => exception is TrainingException or ModelImportException or GradientException;

    /// <summary>Trains unless an earlier run has, and could not leave the result at Learning.</summary>
    /// <returns>Whether it trained.</returns>
    private async Task<bool> RunAsync(JobRequest request, JobFolder folder, JobEvents events, CancellationToken cancellationToken)
    {
        if (File.Exists(ResultOf(folder)))
        {
            return false;
        }

        var progress = Progress(events, cancellationToken);
        try
        {
            await TrainingRun.RunAsync(Request(request, folder), progress, cancellationToken);
        }
        catch (OtherCheckpointsException exception)
        {
            LogOtherCheckpoints(logger, request.Order.Job, exception.Message); // Another version of model or runtime.
            Directory.Delete(folder.Work, recursive: true);
            await TrainingRun.RunAsync(Request(request, folder), progress, cancellationToken);
        }

        return true;
    }

    private IProgress<TrainingProgress> Progress(JobEvents events, CancellationToken cancellationToken) =>
        options.Value is { LowestPriority: true } chosen
            ? new RestingProgress(
                events, new Rests(chosen.Slots * chosen.Threads, Environment.ProcessorCount, ProcessorTimes.Read, clock), cancellationToken)
            : events;

    private TrainingRequest Request(JobRequest request, JobFolder folder)
    {
        var (order, numbers) = (request.Order, request.Order.Numbers);
        return new TrainingRequest
        {
            BaseModel = request.Model.BaseFolder,
            TrainingFile = folder.TrainingFile,
            ValidationFile = numbers.HasValidationFile ? folder.ValidationFile : null,
            Output = folder.Output,
            WorkFolder = folder.Work,
            Settings = new TrainingSettings
            {
                Method = Enum.Parse<TrainingMethod>(order.Numbers.Method, ignoreCase: true),
                Epochs = numbers.Epochs,
                BatchSize = numbers.BatchSize,
                LearningRateMultiplier = numbers.LearningRateMultiplier,
                Seed = numbers.Seed,
                ValidationShare = numbers.ValidationShare ?? 0.2,
                StopsEarly = numbers.StopsEarly,
                BalancesLabels = numbers.BalancesLabels,
                TokenBudget = numbers.TokenBudget,
                CheckpointEvery = numbers.CheckpointEvery ?? 100,
                Int8 = numbers.Int8,
                Threads = options.Value.Threads,
            },
        };
    }

    [LoggerMessage(1, LogLevel.Warning, "Job {Job}: its files or its result do not pass between Learning and this trainer: {Reason}")]
    private static partial void LogNoFiles(ILogger logger, Guid job, string reason);

    [LoggerMessage(2, LogLevel.Error, "Job {Job}: the run failed; its checkpoints stay.")]
    private static partial void LogFailed(ILogger logger, Exception exception, Guid job);

    [LoggerMessage(3, LogLevel.Warning, "Job {Job} begins anew: {Reason}")]
    private static partial void LogOtherCheckpoints(ILogger logger, Guid job, string reason);
}

/// <summary>What a trainer needs of the worker that it is.</summary>
internal sealed record TrainerParts(TrainingSlots Slots, WorkerFolder Worker, Draining Draining);
