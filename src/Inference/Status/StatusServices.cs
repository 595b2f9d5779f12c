using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Telemetry;

namespace Tollgate.Inference.Status;

/// <summary>Registers the status report and the health checks.</summary>
internal static class StatusServices
{
    public static void AddStatus(this IServiceCollection services)
    {
        services.AddSingleton<StatusReport>();
        services.AddHealthChecks()
            .AddCheck<LivenessCheck>("steps", tags: ["live"])
            .AddCheck<ReadinessCheck>("models", tags: ["ready"]);
    }

    /// <summary>Shows in metrics how busy the models are.</summary>
    public static void MeasureModels(this WebApplication app)
    {
        var models = app.Services.GetRequiredService<IServedModels>();
        app.Services.GetRequiredService<InferenceMetrics>().ObserveModels(() => models.Status().Where(model => model.Ready)
            .GroupBy(model => model.Card.Name, StringComparer.Ordinal)
            .Select(versions => new MeasuredModel(
                versions.Key, versions.Sum(version => version.Slots), versions.Sum(version => version.Active),
                versions.Sum(version => version.Queued))));
    }
}
