using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Whether this gateway can admit requests, as <c>/health/ready</c> states it. Anyone may ask, so it looks once a second at most.
/// Thread-safe.</summary>
internal sealed class ServerReadiness(HealthCheckService checks, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private Task<bool>? _look;
    private long _lookedAt;

    public Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_look is not { IsCompleted: false } && (_look is null || clock.GetElapsedTime(_lookedAt) >= Pause))
            {
                (_look, _lookedAt) = (CheckAsync(), clock.GetTimestamp());
            }

            return _look.WaitAsync(cancellationToken);
        }
    }

    private async Task<bool> CheckAsync() =>
        (await checks.CheckHealthAsync(check => check.Tags.Contains("ready"))).Status != HealthStatus.Unhealthy;
}
