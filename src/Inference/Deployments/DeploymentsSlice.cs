using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Inference.Deployments;

/// <summary>Registers what installs deployed models.</summary>
internal static class DeploymentsSlice
{
    /// <summary>Only with <c>Services:learning</c>: without it the worker serves what the operator installs.</summary>
    public static void AddDeployments(this WebApplicationBuilder builder)
    {
        if (builder.Configuration["Services:learning"] is not { Length: > 0 })
        {
            return;
        }

        builder.Services.AddInternalClient(DeployedModelFile.Client, builder.Configuration);
        builder.Services.AddSingleton<DeployedModelFile>().AddSingleton<DeploymentParts>();
        builder.Services.AddSingleton<DeployedModels>().AddHostedService(services => services.GetRequiredService<DeployedModels>());
        builder.Services.AddHostedService<DeploymentFollower>();
    }
}
