using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Tollgate.Gateway.Till;

/// <summary>
/// Goes through the exchange of leases once before this gateway is ready. Billing's absence makes no gateway unready: the first try that
/// ended is enough, and the rehearsal is made up for when Billing is there.
/// </summary>
internal sealed class LeaseRehearsal(LeaseKeeper leases, TimeProvider clock) : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);
    private volatile bool _tried;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_tried ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("Billing was not asked for a lease yet."));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested && !await TryAsync())
        {
            await Task.Delay(RetryDelay, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> TryAsync()
    {
        try
        {
            await leases.RehearseAsync();
            return true;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException)
        {
            return false; // The request that needs a lease logs that there is none.
        }
        finally
        {
            _tried = true;
        }
    }
}
