using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Learning.Telemetry;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Batches;

/// <summary>Claims batches that no process runs, and runs them. Safe on several instances at once.</summary>
internal sealed partial class BatchRunner(
    BatchProgress progress, RunParts parts, LearningMetrics metrics, IOptions<BatchOptions> options, TimeProvider clock,
    ILogger<BatchRunner> logger)
    : RecurringWork(new Rhythm(options.Value.Every), clock, logger)
{
    private readonly Dictionary<Guid, Task> _runs = [];
    private readonly ConcurrentDictionary<Guid, BatchRun> _running = [];
    private readonly CancellationTokenSource _stopping = new();

    protected override string Failure => "Batches cannot be claimed";

    /// <summary>Begins the batches that can begin. They run on beside this.</summary>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        foreach (var ended in _runs.Where(run => run.Value.IsCompleted).Select(run => run.Key).ToList())
        {
            _runs.Remove(ended);
        }

        if (options.Value.Batches - _runs.Count is > 0 and var room)
        {
            foreach (var batch in await progress.ClaimAsync(_runs.Keys, room, cancellationToken))
            {
                _runs[batch.Id] = Task.Run(() => RunAsync(batch), CancellationToken.None);
            }
        }

        metrics.BatchesRun(_runs.Count);
    }

    /// <summary>Tells the run of a batch in this process that the batch has changed. A run in another process looks by itself every
    /// <see cref="BatchOptions.Every"/>.</summary>
    public Task NoticeAsync(Guid batch, CancellationToken cancellationToken) =>
        _running.TryGetValue(batch, out var run) ? run.LookAsync(cancellationToken) : Task.CompletedTask;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await _stopping.CancelAsync();
        await Task.WhenAll(_runs.Values).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Dispose()
    {
        _stopping.Dispose();
        base.Dispose();
    }

    private async Task RunAsync(Batch batch)
    {
        try
        {
            using var run = _running[batch.Id] = new BatchRun(batch, parts);
            await run.RunAsync(_stopping.Token);
            metrics.BatchEnded();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            LogStopped(logger, batch.Id);
        }
        catch (ClaimLostException exception)
        {
            LogLost(logger, exception.Message);
        }
#pragma warning disable CA1031 // What a run leaves open is taken up by the next one.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(logger, PostgresOutage.Is(exception) ? null : exception, batch.Id, exception.GetBaseException().Message);
            await Task.Delay(options.Value.Every, Clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            _running.TryRemove(batch.Id, out _);
        }

        await ReleaseAsync(batch.Id);
    }

    private async Task ReleaseAsync(Guid batch)
    {
        try
        {
            await progress.ReleaseAsync(batch, CancellationToken.None);
        }
        catch (Exception exception) when (PostgresOutage.Is(exception))
        {
            LogNotReleased(logger, batch); // Its claim ends by itself.
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Batch {Batch} is left for the next start.")]
    private static partial void LogStopped(ILogger logger, Guid batch);

    [LoggerMessage(2, LogLevel.Warning, "{Reason}")]
    private static partial void LogLost(ILogger logger, string reason);

    [LoggerMessage(3, LogLevel.Error, "The run of batch {Batch} failed and is taken up again. {Reason}")]
    private static partial void LogFailed(ILogger logger, Exception? exception, Guid batch, string reason);

    [LoggerMessage(4, LogLevel.Warning, "Batch {Batch} could not be released; its claim ends by itself.")]
    private static partial void LogNotReleased(ILogger logger, Guid batch);
}
