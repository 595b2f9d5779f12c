namespace Tollgate.Chaos.Tests.Faults;

/// <summary>What is done to a part.</summary>
internal enum FaultKind
{
    KillGateway,
    KillWorker,

    /// <summary>kill -9 and a start: the till is empty.</summary>
    WipeRedis,

    /// <summary>SIGQUIT: Postgres' immediate stop, followed by crash recovery.</summary>
    CrashPostgres,
    KillBilling,
    KillAccounts,

    /// <summary>SIGSTOP, a while, SIGCONT.</summary>
    FreezeGateway,
    FreezeWorker,
    FreezeRedis,
    FreezeBilling,

    /// <summary>SIGSTOP for longer than any timeout of a call, SIGCONT.</summary>
    FreezeGatewayLong,

    /// <summary>No room for a file of a journal's segment.</summary>
    FillDisk,

    /// <summary>A step of the clock and, later, back.</summary>
    StepGateway,
    StepRedis,

    /// <summary>A base backup, a while of load, an immediate stop, and recovery from the backup.</summary>
    RestorePostgres,

    /// <summary>A copy of a gateway's folder as it runs, a while of load, kill -9, and a start from the copy.</summary>
    RestoreJournal,
}

/// <summary>One fault.</summary>
/// <param name="At">Since the start of the load.</param>
/// <param name="Target">Which of the parts of that kind.</param>
/// <param name="For">How long it stays down, stopped, full or stepped; from the copy to its return where something is restored.</param>
/// <param name="Step">How far a clock is stepped.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, int Target, TimeSpan For, TimeSpan Step = default);

/// <summary>The faults of a run; the same seed gives the same ones.</summary>
internal static class FaultPlan
{
    /// <summary>From this length on a run has the long freeze.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromMinutes(3);

    private static readonly FaultKind[] Bag =
    [
        FaultKind.KillGateway, FaultKind.KillGateway, FaultKind.KillGateway, FaultKind.KillGateway,
        FaultKind.KillWorker, FaultKind.KillWorker, FaultKind.KillWorker,
        FaultKind.WipeRedis, FaultKind.WipeRedis, FaultKind.CrashPostgres, FaultKind.KillBilling, FaultKind.KillBilling,
        FaultKind.KillAccounts, FaultKind.FreezeGateway, FaultKind.FreezeWorker, FaultKind.FreezeRedis, FaultKind.FreezeBilling,
        FaultKind.FillDisk, FaultKind.StepGateway, FaultKind.StepGateway, FaultKind.StepRedis,
        FaultKind.RestorePostgres, FaultKind.RestoreJournal,
    ];

    private static readonly int[] GatewaySteps = [30, -30, 3600, -3600];

    /// <summary>None is one of a gateway's: two clocks that are wrong alike agree.</summary>
    private static readonly int[] RedisSteps = [10, -10, 7200, -7200];

    /// <summary>First each kind once, in an order of the seed, then by weight.</summary>
    /// <param name="gap">Mean time between two faults.</param>
    public static IReadOnlyList<Fault> Create(int seed, TimeSpan duration, TimeSpan gap, int gateways, int workers)
    {
        var random = new Random(seed);
        var first = Bag.Distinct().Concat(duration >= Long ? [FaultKind.FreezeGatewayLong] : []).ToArray();
        random.Shuffle(first);
        var (faults, bag) = (new List<Fault>(), new Queue<FaultKind>(first));
        for (var at = gap; at < duration - gap; at += gap * (0.5 + random.NextDouble()))
        {
            if (bag.Count == 0)
            {
                var kinds = (FaultKind[])Bag.Clone();
                random.Shuffle(kinds);
                bag = new Queue<FaultKind>(kinds);
            }

            var kind = bag.Dequeue();
            var parts = OfGateway(kind) ? gateways : kind is FaultKind.KillWorker or FaultKind.FreezeWorker ? workers : 1;
            var steps = kind == FaultKind.StepRedis ? RedisSteps : GatewaySteps;
            faults.Add(new Fault(
                at, kind, random.Next(parts), Length(kind, random),
                kind is FaultKind.StepGateway or FaultKind.StepRedis ? TimeSpan.FromSeconds(steps[random.Next(steps.Length)]) : default));
        }

        return faults;
    }

    public static bool OfGateway(FaultKind kind) =>
        kind is FaultKind.KillGateway or FaultKind.FreezeGateway or FaultKind.FreezeGatewayLong or FaultKind.FillDisk
            or FaultKind.StepGateway or FaultKind.RestoreJournal;

    /// <summary>Whether a process dies of it.</summary>
    public static bool IsKill(FaultKind kind) =>
        kind is FaultKind.KillGateway or FaultKind.KillWorker or FaultKind.WipeRedis or FaultKind.CrashPostgres or FaultKind.KillBilling
            or FaultKind.KillAccounts or FaultKind.RestorePostgres or FaultKind.RestoreJournal;

    /// <summary>Half of the kills are followed by a start at once; a freeze is now and then longer than any timeout on the path.</summary>
    private static TimeSpan Length(FaultKind kind, Random random) => TimeSpan.FromMilliseconds(kind switch
    {
        FaultKind.FreezeGatewayLong => random.Next(65_000, 80_000),
        FaultKind.FillDisk or FaultKind.StepGateway or FaultKind.StepRedis => random.Next(4000, 8000),
        FaultKind.RestorePostgres or FaultKind.RestoreJournal => random.Next(1500, 4000),
        _ when IsKill(kind) => random.Next(2) * random.Next(200, 3000),
        _ => random.Next(4) == 0 ? random.Next(6000, 12_000) : random.Next(300, 3000),
    });
}
