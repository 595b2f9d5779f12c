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
}

/// <summary>One fault.</summary>
/// <param name="At">Since the start of the load.</param>
/// <param name="Target">Which of the parts of that kind.</param>
/// <param name="For">How long it stays down or stopped.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, int Target, TimeSpan For);

/// <summary>The faults of a run; the same seed gives the same ones.</summary>
internal static class FaultPlan
{
    private static readonly FaultKind[] Bag =
    [
        FaultKind.KillGateway, FaultKind.KillGateway, FaultKind.KillGateway, FaultKind.KillGateway,
        FaultKind.KillWorker, FaultKind.KillWorker, FaultKind.KillWorker,
        FaultKind.WipeRedis, FaultKind.WipeRedis, FaultKind.CrashPostgres, FaultKind.KillBilling, FaultKind.KillBilling,
        FaultKind.KillAccounts, FaultKind.FreezeGateway, FaultKind.FreezeWorker, FaultKind.FreezeRedis, FaultKind.FreezeBilling,
    ];

    /// <param name="gap">Mean time between two faults.</param>
    public static IReadOnlyList<Fault> Create(int seed, TimeSpan duration, TimeSpan gap, int gateways, int workers)
    {
        var random = new Random(seed);
        var (faults, bag) = (new List<Fault>(), new Queue<FaultKind>());
        for (var at = gap; at < duration - gap; at += gap * (0.5 + random.NextDouble()))
        {
            if (bag.Count == 0)
            {
                var kinds = (FaultKind[])Bag.Clone();
                random.Shuffle(kinds);
                bag = new Queue<FaultKind>(kinds);
            }

            var kind = bag.Dequeue();
            var parts = kind switch
            {
                FaultKind.KillGateway or FaultKind.FreezeGateway => gateways,
                FaultKind.KillWorker or FaultKind.FreezeWorker => workers,
                _ => 1,
            };
            faults.Add(new Fault(at, kind, random.Next(parts), Length(kind, random)));
        }

        return faults;
    }

    public static bool IsKill(FaultKind kind) =>
        kind is not (FaultKind.FreezeGateway or FaultKind.FreezeWorker or FaultKind.FreezeRedis or FaultKind.FreezeBilling);

    /// <summary>Half of the kills are followed by a start at once; a freeze is now and then longer than any timeout on the path.</summary>
    private static TimeSpan Length(FaultKind kind, Random random) => TimeSpan.FromMilliseconds(
        IsKill(kind) ? random.Next(2) * random.Next(200, 3000) : random.Next(4) == 0 ? random.Next(6000, 12_000) : random.Next(300, 3000));
}
