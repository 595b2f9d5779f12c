using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Residency;
using Tollgate.Inference.Telemetry;
using Tollgate.Inference.Worker;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Inference.Groups;

/// <summary>
/// Keeps one process for each group of models that the repository holds. Each is a worker of its own, with a name, a folder and a log of
/// its own, so that gateways route around it and Billing reads its log. One that hangs is killed. One that ended is started again, after a
/// pause that grows while it keeps ending; one whose group has left the repository drains and stays ended. None outlives this process.
/// </summary>
internal sealed partial class GroupProcesses(
    GroupParts parts, IOptions<WorkerOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock,
    ILogger<GroupProcesses> logger)
    : RecurringWork(new Rhythm(Interval), clock, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>A process that ran for so long did not end for what it found at its start.</summary>
    private static readonly TimeSpan Steady = TimeSpan.FromMinutes(1);

    /// <summary>What a process needs beyond its drain: to hand its log to Billing, and to free its models.</summary>
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);
    private readonly List<ChildProcess> _leaving = [];

    protected override string Failure => "The groups of models cannot be kept running";

    /// <summary>Starts what is missing and stops what is no longer wanted. Once the worker stops, lets all drain beside it.</summary>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            foreach (var process in Running)
            {
                process.Send(ChildSignal.Terminate);
            }

            return;
        }

        var wanted = parts.Groups.Read();
        foreach (var group in wanted)
        {
            var place = _places.TryGetValue(group, out var known) ? known : _places[group] = new Place();
            if (place.Process is { HasExited: true } ended)
            {
                NoteEnd(group, place, ended);
            }
            else if (await place.TakeHangAsync() is { } reason)
            {
                Log.Hangs(logger, group, place.Process!.Id, reason);
                place.Process.Send(ChildSignal.Kill);
            }

            if (place.Process is null && place.MayStart(Clock))
            {
                var folder = parts.Command.FolderOf(group);
                GroupAddress.Forget(folder);
                place.Show(
                    await ChildProcess.StartAsync(parts.Command.Of(group)), Clock, stop => parts.Watch.WaitForHangAsync(folder, stop));
                Log.Started(logger, group, place.Process!.Id);
            }
        }

        foreach (var group in _places.Keys.Except(wanted).ToList())
        {
            _places.Remove(group, out var place);
            place?.StopLooking();
            if (place?.Process is { } process)
            {
                Log.Left(logger, group);
                process.Send(ChildSignal.Terminate);
                _leaving.Add(process);
            }
        }

        foreach (var process in _leaving.Where(process => process.HasExited).ToList())
        {
            _leaving.Remove(process);
            process.Dispose();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(Running.Select(process => process.StopAsync(ChildSignal.Terminate, options.Value.DrainTimeout + StopTime)));
    }

    public override void Dispose()
    {
        foreach (var place in _places.Values)
        {
            place.StopLooking();
        }

        foreach (var process in Running)
        {
            process.Send(ChildSignal.Kill);
            process.Dispose();
        }

        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (parts.Own.KeepsProcesses)
        {
            using var stopping = lifetime.ApplicationStopping.Register(Wake);
            await base.ExecuteAsync(stoppingToken);
        }
    }

    private IEnumerable<ChildProcess> Running => _places.Values.Select(place => place.Process).OfType<ChildProcess>().Concat(_leaving);

    private void NoteEnd(string group, Place place, ChildProcess ended)
    {
        place.NoteEnd(Clock);
        parts.Metrics.GroupEnded(group, place.HasHung ? "hung" : "ended");
        Log.Ended(logger, group, ended.ExitCode, place.Pause.TotalSeconds);
        ended.Dispose();
    }

    /// <summary>The process of one group, and how its last ones fared.</summary>
    private sealed class Place
    {
        private int _endings;
        private long? _endedAt;
        private long _startedAt;
        private CancellationTokenSource? _looks;
        private Task<string>? _hang;

        public ChildProcess? Process { get; private set; }

        /// <summary>Whether the last process was killed because it hung.</summary>
        public bool HasHung { get; private set; }

        /// <summary>From the end of the last process to the next start.</summary>
        public TimeSpan Pause => _endings == 0 ? TimeSpan.Zero
            : TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, Math.Pow(2, _endings - 1) - 1));

        /// <summary>Takes a process that was started.</summary>
        /// <param name="waitForHang">Looks at it; ends with a reason when it hangs.</param>
        public void Show(ChildProcess process, TimeProvider clock, Func<CancellationToken, Task<string>> waitForHang)
        {
            (Process, _startedAt, HasHung, _looks) = (process, clock.GetTimestamp(), false, new CancellationTokenSource());
            _hang = waitForHang(_looks.Token);
        }

        /// <summary>Why the process must be killed; null while it need not, and after the first answer.</summary>
        /// <exception cref="Exception">It could not be looked at.</exception>
        public async Task<string?> TakeHangAsync()
        {
            if (_hang is not { IsCompleted: true } hang)
            {
                return null;
            }

            var reason = await hang;
            (_hang, HasHung) = (null, true);
            return reason;
        }

        public void StopLooking()
        {
            _looks?.Cancel();
            _looks?.Dispose();
            (_looks, _hang) = (null, null);
        }

        public void NoteEnd(TimeProvider clock)
        {
            StopLooking();
            Process = null;
            _endings = clock.GetElapsedTime(_startedAt) > Steady ? 1 : _endings + 1;
            _endedAt = clock.GetTimestamp();
        }

        public bool MayStart(TimeProvider clock) => _endedAt is not { } at || clock.GetElapsedTime(at) >= Pause;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The process of group {Group} was started ({Process}).")]
        public static partial void Started(ILogger logger, string group, int process);

        [LoggerMessage(2, LogLevel.Error, "The process of group {Group} ended with {ExitCode}; it starts again after {Seconds:0} s.")]
        public static partial void Ended(ILogger logger, string group, int exitCode, double seconds);

        [LoggerMessage(3, LogLevel.Information, "Group {Group} left the repository; its process drains.")]
        public static partial void Left(ILogger logger, string group);

        [LoggerMessage(4, LogLevel.Error, "The process of group {Group} ({Process}) hangs and is killed: {Reason}.")]
        public static partial void Hangs(ILogger logger, string group, int process, string reason);
    }
}

/// <summary>What the processes of groups are made from.</summary>
internal sealed record GroupParts(
    ServedGroup Own, VersionGroups Groups, GroupCommand Command, GroupWatch Watch, InferenceMetrics Metrics);
