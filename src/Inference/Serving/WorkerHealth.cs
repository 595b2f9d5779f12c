using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Serving;

/// <summary>Alive is a worker whose schedulers take steps while work waits: an open port proves nothing.</summary>
internal sealed class LivenessCheck(ServedModels models, IOptions<GenerationOptions> options) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var stuck = models.All.OfType<LoadedDecoder>().FirstOrDefault(model => model.Scheduler.Stalled > options.Value.StallLimit);
        return Task.FromResult(stuck is null
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"Model {stuck.Name} has taken no step for {stuck.Scheduler.Stalled.TotalSeconds:0} s."));
    }
}

/// <summary>Ready is a worker that has read its repository and takes requests.</summary>
internal sealed class ReadinessCheck(ServedModels models, Draining draining) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
        draining.Begun ? HealthCheckResult.Unhealthy("Draining.")
        : models.Scanned ? HealthCheckResult.Healthy()
        : HealthCheckResult.Unhealthy("Models are being loaded."));
}
