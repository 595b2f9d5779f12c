using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Inference.Tasks;

/// <summary>Registers tasks and what they need.</summary>
internal static class TaskServices
{
    public static void AddTasks(this IServiceCollection services, IReadOnlyList<IModelTask> tasks)
    {
        foreach (var task in tasks)
        {
            services.AddSingleton(task);
            task.AddServices(services);
        }
    }
}
