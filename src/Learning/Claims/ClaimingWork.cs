using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Claims;

/// <summary>The work on one claimed row. Used once.</summary>
internal interface IClaimedRun : IDisposable
{
    /// <summary>Works until the row has ended, or the process stops. What a stop leaves open is taken up again.</summary>
    /// <exception cref="ClaimLostException">The row is no longer this process's.</exception>
    Task RunAsync(CancellationToken stopping);

    /// <summary>Looks at the row at once, such as after a cancel.</summary>
    Task LookAsync(CancellationToken cancellationToken);
}

/// <summary>Claims rows that no process works on, and works on them. Safe on several instances at once.</summary>
/// <param name="most">Most rows at once in this process.</param>
/// <param name="every">Interval between looks for new rows, and the pause after a failure.</param>
internal abstract partial class ClaimingWork<T>(Claims<T> claims, int most, TimeSpan every, TimeProvider clock, ILogger logger)
    : RecurringWork(new Rhythm(every), clock, logger)
    where T : class
{
    private readonly Dictionary<Guid, Task> _runs = [];
    private readonly ConcurrentDictionary<Guid, IClaimedRun> _running = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger _logger = logger;

    protected Claims<T> Claims => claims;

    protected override string Failure => $"{claims.Table.What} rows cannot be claimed";

    /// <summary>Begins what can begin. It runs on beside this.</summary>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        foreach (var ended in _runs.Where(run => run.Value.IsCompleted).Select(run => run.Key).ToList())
        {
            _runs.Remove(ended);
        }

        // One at a time: each claim sees what the one before has taken.
        while (_runs.Count < most && await claims.ClaimAsync(_runs.Keys, cancellationToken) is { } row)
        {
            _runs[claims.Table.IdOf(row)] = Task.Run(() => RunAsync(row), CancellationToken.None);
        }

        Count(_runs.Count);
    }

    /// <summary>Tells the run of a row in this process that the row has changed. A run in another process looks by itself.</summary>
    public Task NoticeAsync(Guid id, CancellationToken cancellationToken) =>
        _running.TryGetValue(id, out var run) ? run.LookAsync(cancellationToken) : Task.CompletedTask;

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

    /// <summary>The work on a row.</summary>
    protected abstract IClaimedRun Begin(T row);

    /// <summary>Shows how many runs there are.</summary>
    protected virtual void Count(int runs)
    {
    }

    /// <summary>Shows that a run has come to its end.</summary>
    protected virtual void Ended()
    {
    }

    private async Task RunAsync(T row)
    {
        var id = claims.Table.IdOf(row);
        try
        {
            using var run = _running[id] = Begin(row);
            await run.RunAsync(_stopping.Token);
            Ended();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            LogStopped(_logger, claims.Table.What, id);
        }
        catch (ClaimLostException exception)
        {
            LogLost(_logger, exception.Message);
        }
#pragma warning disable CA1031 // What a run leaves open is taken up by the next one.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(
                _logger, PostgresOutage.Is(exception) ? null : exception, claims.Table.What, id, exception.GetBaseException().Message);
            await Task.Delay(every, Clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            _running.TryRemove(id, out _);
        }

        await ReleaseAsync(id);
    }

    private async Task ReleaseAsync(Guid id)
    {
        try
        {
            await claims.ReleaseAsync(id, CancellationToken.None);
        }
        catch (Exception exception) when (PostgresOutage.Is(exception))
        {
            LogNotReleased(_logger, claims.Table.What, id); // Its claim ends by itself.
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{What} {Id} is left for the next start.")]
    private static partial void LogStopped(ILogger logger, string what, Guid id);

    [LoggerMessage(2, LogLevel.Information, "{Reason}")]
    private static partial void LogLost(ILogger logger, string reason);

    [LoggerMessage(3, LogLevel.Error, "The run of {What} {Id} failed and is taken up again. {Reason}")]
    private static partial void LogFailed(ILogger logger, Exception? exception, string what, Guid id, string reason);

    [LoggerMessage(4, LogLevel.Warning, "{What} {Id} could not be released; its claim ends by itself.")]
    private static partial void LogNotReleased(ILogger logger, string what, Guid id);
}
