using System.Net;
using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Profile;
using Tollgate.Clusters;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Benchmarks.Comparison;

/// <summary>
/// One interleaved run over all targets: in every round each of them is started anew, in an order that the seed decides, measured, and
/// stopped before the next one starts, so that none profits from the machine's mood.
/// </summary>
internal static class GatewayBench
{
    public const string Direct = "direct";
    public const string PassThrough = "pass-through";
    public const string PassThroughScript = "pass-through+script";
    public const string Tollgate = "tollgate";

    private const string WelcomeCreditUsd = "1000";
    private const string NoCap = "1000000000";

    public static async Task<BenchReport> RunAsync(BenchPlan plan, CancellationToken cancellationToken)
    {
        var facts = MachineFacts.Read(TimeProvider.System);
        var folder = Directory.CreateTempSubdirectory("tollgate-bench-").FullName;
        try
        {
            return await RunAsync(plan, facts, folder, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<BenchReport> RunAsync(BenchPlan plan, MachineFacts facts, string folder, CancellationToken cancellationToken)
    {
        var address = new IPEndPoint(IPAddress.Loopback, FreePort.Next());
        await using var cluster = Wanted(plan, Tollgate) ? await StartClusterAsync(plan, address, folder) : null;
        var worker = new BenchWorker(folder, address, cluster?.Secrets.Bearers ?? ServiceBearers.Issue());
        var targets = MakeTargets(plan, worker, cluster, folder);
        var results = new List<RoundResult>();
        for (var round = 1; round <= plan.Rounds && !plan.Profile; round++)
        {
            var order = targets.ToArray();
            new Random(HashCode.Combine(plan.Seed, round)).Shuffle(order);
            foreach (var target in order)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await Console.Error.WriteLineAsync($"round {round} of {plan.Rounds}: {target.Name} …");
                await using (target)
                {
                    await target.StartAsync(cancellationToken);
                    results.Add(await new Round(target, plan, round).RunAsync());
                }
            }
        }

        var profiles = plan.Profile ? await ProfileAsync(plan, targets, folder, cancellationToken) : [];
        return new BenchReport(facts, plan, [.. targets.Select(target => target.Name)], results, profiles);
    }

    private static async Task<IReadOnlyList<CpuProfile>> ProfileAsync(
        BenchPlan plan, IReadOnlyList<Target> targets, string folder, CancellationToken cancellationToken)
    {
        var profiles = new List<CpuProfile>();
        foreach (var target in targets.Where(target => target.Name is Tollgate or PassThroughScript))
        {
            await Console.Error.WriteLineAsync($"profile: {target.Name} …");
            await using (target)
            {
                await target.StartAsync(cancellationToken);
                profiles.AddRange(await new Profiler(target, plan, folder).RunAsync(cancellationToken));
            }
        }

        return profiles;
    }

    private static async Task<TollgateCluster> StartClusterAsync(BenchPlan plan, IPEndPoint worker, string folder)
    {
        await Console.Error.WriteLineAsync("starting Postgres, Redis, Accounts, Billing and the gateway …");
        var environment = new Dictionary<string, IReadOnlyDictionary<string, string>>
        {
            ["billing"] = new Dictionary<string, string>
            {
                ["TOLLGATE__Wallets__WelcomeCreditUsd"] = WelcomeCreditUsd,
                ["TOLLGATE__Wallets__WelcomeCreditTotalUsd"] = NoCap,
            },
            ["gateway"] = MiddleEnvironment(plan),
        };
        for (var i = 0; i < plan.Variants.Count; i++)
        {
            environment[$"gateway-{i + 2}"] = Parse(plan.Variants[i]);
        }

        var cluster = await TollgateCluster.StartAsync(Path.Combine(folder, "cluster"), new ClusterPlan
        {
            Gateways = 1 + plan.Variants.Count,
            Workers = 0,
            OutsideWorkers = [$"http://{worker}"],
            Stripe = false,
            Environment = environment,
        });
        foreach (var service in (IEnumerable<ClusterProcess>)[.. cluster.Gateways, cluster.Accounts, cluster.Billing, cluster.Redis])
        {
            await service.StopAsync();
        }

        return cluster;
    }

    private static List<Target> MakeTargets(BenchPlan plan, BenchWorker worker, TollgateCluster? cluster, string folder)
    {
        var environment = MiddleEnvironment(plan);
        var redis = Path.Combine(folder, "redis");
        List<Target> targets =
        [
            new DirectTarget(worker),
            new PassThroughTarget(PassThrough, worker, new PassThroughPlan(null, Http2: false, environment)),
            new PassThroughTarget(PassThroughScript, worker, new PassThroughPlan(redis, Http2: false, environment)),
        ];
        if (plan.Http2)
        {
            targets.Add(new PassThroughTarget(PassThrough + ", h2c", worker, new PassThroughPlan(null, Http2: true, environment)));
        }

        if (cluster is not null)
        {
            targets.Add(new TollgateTarget(Tollgate, worker, cluster, 0));
        }

        for (var i = 0; i < plan.Variants.Count; i++)
        {
            var extra = new Dictionary<string, string>(environment.Concat(Parse(plan.Variants[i])));
            var script = new PassThroughPlan(redis, Http2: false, extra);
            targets.Add(new PassThroughTarget(PassThroughScript + ", " + plan.Variants[i], worker, script));
            if (cluster is not null)
            {
                targets.Add(new TollgateTarget(Tollgate + ", " + plan.Variants[i], worker, cluster, i + 1));
            }
        }

        return [.. targets.Where(target => Wanted(plan, target.Name))];
    }

    private static bool Wanted(BenchPlan plan, string target) =>
        plan.Only.Count == 0 || plan.Only.Any(wanted => target == wanted || target.StartsWith(wanted + ",", StringComparison.Ordinal));

    /// <summary>Names of compiled methods for the profiler, which cost a little; so only with it.</summary>
    private static Dictionary<string, string> MiddleEnvironment(BenchPlan plan) => plan.Profile ? new(Profiler.Environment) : [];

    private static Dictionary<string, string> Parse(string variant)
    {
        var parts = variant.Split('=', 2);
        return parts.Length == 2
            ? new Dictionary<string, string> { [parts[0]] = parts[1] }
            : throw new ArgumentException($"'{variant}' is not NAME=VALUE.");
    }
}
