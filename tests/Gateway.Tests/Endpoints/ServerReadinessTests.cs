using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Gateway.Endpoints;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>What anyone may ask without a key costs no more however often it is asked.</summary>
public sealed class ServerReadinessTests
{
    [Fact]
    public async Task LookAsync_looks_once_a_second_whoever_asks()
    {
        var clock = new FakeTimeProvider();
        var checks = new CountedChecks();
        var readiness = new ServerReadiness(checks, clock);

        var first = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => readiness.LookAsync(CancellationToken.None)));
        checks.Status = HealthStatus.Unhealthy;
        var kept = await readiness.LookAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(1));
        var later = await readiness.LookAsync(CancellationToken.None);

        Assert.All(first, Assert.True);
        Assert.Equal((true, false, 2), (kept, later, checks.Looks));
    }

    private sealed class CountedChecks : HealthCheckService
    {
        public int Looks { get; private set; }

        public HealthStatus Status { get; set; } = HealthStatus.Healthy;

        public override Task<HealthReport> CheckHealthAsync(
            Func<HealthCheckRegistration, bool>? predicate, CancellationToken cancellationToken = default)
        {
            Looks++;
            return Task.FromResult(new HealthReport(new Dictionary<string, HealthReportEntry>(), Status, TimeSpan.Zero));
        }
    }
}
