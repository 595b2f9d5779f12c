using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Tasks;

namespace Tollgate.Inference.Status;

/// <summary>A worker is alive while its models take steps when work waits: an open port proves nothing.</summary>
internal sealed class LivenessCheck(IServedModels models, IOptions<GenerationOptions> options) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var stuck = models.All.FirstOrDefault(model => model.Stalled > options.Value.StallLimit);
        return Task.FromResult(stuck is null
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"Model {stuck.Name} has taken no step for {stuck.Stalled.TotalSeconds:0} s."));
    }
}

/// <summary>A worker is ready once it has read its repository, until it drains.</summary>
internal sealed class ReadinessCheck(IServedModels models, Draining draining) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
        draining.Begun ? HealthCheckResult.Unhealthy("Draining.")
        : models.Scanned ? HealthCheckResult.Healthy()
        : HealthCheckResult.Unhealthy("Models are being loaded."));
}
