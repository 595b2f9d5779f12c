using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Gateway.Till;

/// <summary>
/// Goes through the exchange of leases once before this gateway is ready. Billing's absence makes no gateway unready: the first try that
/// ended is enough, and the rehearsal is made up for when Billing is there.
/// </summary>
internal sealed class LeaseRehearsal(LeaseKeeper leases, TimeProvider clock, ILogger<LeaseRehearsal> logger)
    : RecurringWork(new Rhythm(RetryDelay), clock, logger), IHealthCheck
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);
    private volatile bool _tried;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_tried ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("Billing was not asked for a lease yet."));

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await leases.RehearseAsync();
        }
        finally
        {
            _tried = true;
        }
    }

    protected override TimeSpan PauseAfter(bool succeeded) => succeeded ? Timeout.InfiniteTimeSpan : RetryDelay;

    protected override bool TryLogExpected(Exception exception, string reason) =>
        exception is HttpRequestException or OperationCanceledException; // The request that needs a lease logs that there is none.
}
