using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Residency;
using Tollgate.Inference.Tasks;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Training.Jobs;

/// <summary>Registers what makes a worker a trainer.</summary>
internal static class JobServices
{
    public static void AddJobs(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<IValidateOptions<TrainerOptions>, TrainerOptionsValidator>();
        services.AddOptions<TrainerOptions>().BindConfiguration(TrainerOptions.Section).ValidateOnStart();
        services.AddInternalClient(LearningFiles.Client, builder.Configuration)
            .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan); // A run that is cancelled ends a transfer.
        services.AddSingleton<TrainingSlots>().AddSingleton<JobFolders>().AddSingleton<LearningFiles>();
        services.AddSingleton<TrainerParts>().AddSingleton<JobTrainer>();
        services.AddTasks([new TrainingTask()]);
        services.AddModelStore();
        services.AddServedModels<TrainableModels>();
        services.AddHostedService<JobSweep>();
    }
}
