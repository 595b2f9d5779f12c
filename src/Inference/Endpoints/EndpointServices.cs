using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Inference.Endpoints;

/// <summary>Registers what answers requests.</summary>
internal static class EndpointServices
{
    public static void AddEndpoints(this IServiceCollection services) => services.AddSingleton<TaskRequests>();
}
