using System.Collections.Concurrent;
using Tollgate.Clusters;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.Chaos.Tests.Faults;

/// <summary>A fault as it happened.</summary>
/// <param name="From">Just before the signal.</param>
/// <param name="To">When the part was running again, not yet ready.</param>
/// <param name="CopiedAt">When a copy that was restored later was whole; null where nothing was.</param>
internal sealed record Injected(Fault Fault, string Process, DateTimeOffset From, DateTimeOffset To, DateTimeOffset? CopiedAt = null);

/// <summary>
/// Carries out a plan of faults, several at once if need be, one at a time for each part; and starts again what ended by itself.
/// </summary>
internal sealed class FaultInjector(TollgateCluster cluster, TimeProvider clock)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentQueue<Injected> _done = new();
    private readonly ConcurrentQueue<string> _selfExits = new();

    public IReadOnlyCollection<Injected> Done => _done;

    /// <summary>Parts that ended although nobody had killed them.</summary>
    public IReadOnlyCollection<string> SelfExits => _selfExits;

    /// <summary>Returns when the last fault is over and everything runs.</summary>
    public async Task RunAsync(IReadOnlyList<Fault> plan)
    {
        var started = clock.GetTimestamp();
        using var end = new CancellationTokenSource();
        var watch = WatchAsync(end.Token);
        List<Task> running = [];
        foreach (var fault in plan)
        {
            var wait = fault.At - clock.GetElapsedTime(started);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, clock, CancellationToken.None);
            }

            running.Add(InjectAsync(fault));
        }

        await Task.WhenAll(running);
        await end.CancelAsync();
        await watch;
    }

    private async Task InjectAsync(Fault fault)
    {
        var process = TargetOf(fault);
        await process.Turn.WaitAsync();
        try
        {
            var from = clock.GetUtcNow();
            var copied = await CarryOutAsync(fault, process);
            _done.Enqueue(new Injected(fault, process.Name, from, clock.GetUtcNow(), copied));
        }
        finally
        {
            process.Turn.Release();
        }
    }

    /// <summary>When a copy was whole, if the fault made one.</summary>
    private async Task<DateTimeOffset?> CarryOutAsync(Fault fault, ClusterProcess process)
    {
        switch (fault.Kind)
        {
            case FaultKind.RestorePostgres:
                await cluster.Backup.TakeAsync();
                var backedUp = clock.GetUtcNow();
                await WaitAsync(fault);
                await process.StopAsync(ChildSignal.Quit);
                cluster.Backup.Restore();
                await process.SpawnAsync();
                return backedUp;
            case FaultKind.RestoreJournal:
                var folder = new JournalCopy(cluster, process.Name);
                await folder.TakeAsync();
                var copied = clock.GetUtcNow();
                await WaitAsync(fault);
                await process.KillAsync();
                folder.Restore();
                await process.SpawnAsync();
                return copied;
            case FaultKind.StepGateway or FaultKind.StepRedis:
                cluster.Clocks.Step(process.Name, fault.Step);
                await WaitAsync(fault);
                cluster.Clocks.Step(process.Name, TimeSpan.Zero);
                return null;
            case FaultKind.FillDisk:
                await process.WaitUntilReadyAsync(); // A program that starts writes much else.
                await FillableDisk.FillAsync(process, cluster.LogFile("disks"));
                await WaitAsync(fault);
                await FillableDisk.EmptyAsync(process, cluster.LogFile("disks"));
                return null;
            case var kind when FaultPlan.IsKill(kind):
                await (kind == FaultKind.CrashPostgres ? process.StopAsync(ChildSignal.Quit) : process.KillAsync());
                await WaitAsync(fault);
                await process.SpawnAsync();
                return null;
            default:
                process.Freeze();
                await WaitAsync(fault);
                process.Thaw();
                return null;
        }
    }

    private Task WaitAsync(Fault fault) => Task.Delay(fault.For, clock, CancellationToken.None);

    private async Task WatchAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            foreach (var process in cluster.Processes.Where(p => p.Turn.Wait(0, CancellationToken.None)))
            {
                try
                {
                    if (!process.IsRunning)
                    {
                        _selfExits.Enqueue($"{process.Name} at {clock.GetUtcNow():O}");
                        await process.SpawnAsync();
                    }
                }
                finally
                {
                    process.Turn.Release();
                }
            }

            await Task.Delay(Look, clock, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private ClusterProcess TargetOf(Fault fault) => fault.Kind switch
    {
        var kind when FaultPlan.OfGateway(kind) => cluster.Gateways[fault.Target],
        FaultKind.KillWorker or FaultKind.FreezeWorker => cluster.Workers[fault.Target],
        FaultKind.WipeRedis or FaultKind.FreezeRedis or FaultKind.StepRedis => cluster.Redis,
        FaultKind.CrashPostgres or FaultKind.RestorePostgres => cluster.Postgres,
        FaultKind.KillAccounts => cluster.Accounts,
        _ => cluster.Billing,
    };
}
