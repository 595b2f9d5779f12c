using Microsoft.Extensions.DependencyInjection;
using Tollgate.Inference.Telemetry;

namespace Tollgate.Inference.Requests;

/// <summary>Registers the requests that run, and the drain that waits for them.</summary>
internal static class RequestServices
{
    public static void AddRequests(this IServiceCollection services)
    {
        services.AddSingleton<InferenceMetrics>();
        services.AddSingleton<RunningRequests>().AddSingleton<HoldGuard>().AddSingleton<RequestRecorder>();
        services.AddSingleton<Draining>().AddHostedService(provider => provider.GetRequiredService<Draining>());
    }
}
