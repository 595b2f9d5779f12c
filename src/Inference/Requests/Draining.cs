using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Worker;

namespace Tollgate.Inference.Requests;

/// <summary>
/// A signal to stop lets running answers end. From then on the status shows that the worker drains, and it takes nothing new while its
/// listeners stay up. After the time limit it cancels what is left.
/// </summary>
internal sealed partial class Draining(
    RunningRequests running, IOptions<WorkerOptions> options, TimeProvider clock, ILogger<Draining> logger)
    : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan CancelTime = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _beginning = new();

    /// <summary>The worker takes nothing new.</summary>
    public bool Begun => _beginning.IsCancellationRequested;

    /// <summary>Cancelled when it begins.</summary>
    public CancellationToken Beginning => _beginning.Token;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _beginning.CancelAsync();
        if (running.Count > 0)
        {
            Log.Begun(logger, running.Count);
        }

        await WaitUntilEmptyAsync(options.Value.DrainTimeout, cancellationToken);
        if (running.Count > 0)
        {
            Log.TimedOut(logger, running.Count);
            running.CancelAll();
            await WaitUntilEmptyAsync(CancelTime, cancellationToken);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _beginning.Dispose();

    private async Task WaitUntilEmptyAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (running.Count > 0 && clock.GetElapsedTime(started) < limit)
        {
            await Task.Delay(LookInterval, clock, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Draining: {Count} answers are still running.")]
        public static partial void Begun(ILogger logger, long count);

        [LoggerMessage(2, LogLevel.Warning, "The time to drain is over; {Count} answers were cut off.")]
        public static partial void TimedOut(ILogger logger, long count);
    }
}
