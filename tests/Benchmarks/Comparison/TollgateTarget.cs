using System.Net;
using Tollgate.Clusters;

namespace Tollgate.Benchmarks.Comparison;

/// <summary>
/// The whole of Tollgate between client and worker: gateway, Redis, Accounts, Billing and Postgres as processes of their own, with every
/// limit set. Everything but Postgres starts anew for each round.
/// </summary>
/// <param name="gateway">Which of the cluster's gateways; their environments differ.</param>
internal sealed class TollgateTarget(string name, BenchWorker worker, TollgateCluster cluster, int gateway) : Target(name, worker)
{
    private readonly List<MeasuredProcess> _processes = [];
    private BenchCustomer? _customer;

    public override IPEndPoint Address => IPEndPoint.Parse(new Uri(cluster.Api[gateway]).Authority);

    public override string Bearer => _customer?.KeyText ?? throw new InvalidOperationException("The target does not run.");

    public override IReadOnlyList<MeasuredProcess> Processes => _processes;

    protected override async Task StartOwnAsync(CancellationToken cancellationToken)
    {
        await cluster.Redis.StartAsync();
        await cluster.Billing.StartAsync();
        await cluster.Accounts.StartAsync();
        _customer = await BenchCustomer.CreateAsync(cluster, cancellationToken);
        await cluster.Gateways[gateway].StartAsync();
        _processes.AddRange(
        [
            new MeasuredProcess("gateway", cluster.Gateways[gateway].Id, InTheMiddle: true),
            new MeasuredProcess("redis", cluster.Redis.Id, InTheMiddle: false),
            new MeasuredProcess("billing", cluster.Billing.Id, InTheMiddle: false),
            new MeasuredProcess("postgres", cluster.Postgres.Id, InTheMiddle: false),
            new MeasuredProcess("accounts", cluster.Accounts.Id, InTheMiddle: false),
        ]);
        await _customer.WaitForAnswerAsync(cluster.Api[gateway], cancellationToken);
    }

    protected override async Task StopOwnAsync()
    {
        _processes.Clear();
        ClusterProcess[] services = [cluster.Gateways[gateway], cluster.Accounts, cluster.Billing, cluster.Redis];
        foreach (var service in services.Where(service => service.IsRunning))
        {
            await service.StopAsync();
        }
    }
}
