using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Worker;

namespace Tollgate.Inference.Groups;

/// <summary>Registers the processes of groups.</summary>
internal static class GroupServices
{
    /// <param name="args">The process' own arguments.</param>
    public static void AddGroups(this WebApplicationBuilder builder, string[] args)
    {
        builder.Services.AddSingleton(services => new GroupCommand(
            args, services.GetRequiredService<WorkerFolder>(), services.GetRequiredService<IOptions<WorkerOptions>>(),
            services.GetRequiredService<IConfiguration>()));
        builder.Services.AddSingleton<IValidateOptions<GroupOptions>, GroupOptionsValidator>();
        builder.Services.AddOptions<GroupOptions>().BindConfiguration(GroupOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<GroupWatch>().AddSingleton<GroupParts>();
        builder.Services.AddHostedService<GroupProcesses>();
    }

    /// <summary>Registers what the process of a group needs beyond a worker.</summary>
    public static void AddGroupAddress(this WebApplicationBuilder builder) => builder.Services.AddHostedService<GroupAddress>();
}
