using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Worker;

/// <summary>Registers what this worker is: its settings, its name and folder, and its start.</summary>
internal static class WorkerServices
{
    public static void AddWorker(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerOptionsValidator>();
        services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.Section).ValidateOnStart();
        services.AddSingleton<WorkerFolder>().AddSingleton<WorkerStart>();
    }
}
