using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Learning.Claims;

namespace Tollgate.Learning.Jobs;

/// <summary>Registers fine-tuning jobs, their planner and their runner.</summary>
internal static class JobsSlice
{
    /// <summary>Section <c>Jobs</c>.</summary>
    public static WebApplicationBuilder AddJobs(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<IValidateOptions<JobOptions>, JobOptionsValidator>();
        services.AddOptions<JobOptions>().BindConfiguration(JobOptions.Section).ValidateOnStart();
        services.AddKeyedSingleton(JobPlanner.Key, (provider, _) => Claims(provider, JobProgress.Plans));
        services.AddKeyedSingleton(JobRunner.Key, (provider, _) => Claims(provider, JobProgress.Trainings));
        services.AddSingleton<JobTable>();
        services.AddSingleton<JobProgress>();
        services.AddSingleton<RunSender>();
        services.AddSingleton<JobPlanning>();
        services.AddSingleton<JobFigures>();
        services.AddSingleton<TrainingReports>();
        services.AddSingleton<JobParts>();
        services.AddSingleton<JobDesk>();
        services.AddSingleton<EventTail>();
        services.AddSingleton<JobFileParts>();
        services.AddSingleton<JobFiles>();
        services.AddSingleton<JobPlanner>();
        services.AddHostedService(provider => provider.GetRequiredService<JobPlanner>());
        services.AddSingleton<JobRunner>();
        services.AddHostedService(provider => provider.GetRequiredService<JobRunner>());
        services.AddSingleton<JobCosts>();
        services.AddHostedService(provider => provider.GetRequiredService<JobCosts>());
        return builder;
    }

    private static Claims<Job> Claims(IServiceProvider provider, ClaimTable<Job> table) => new(
        provider.GetRequiredService<NpgsqlDataSource>(), table, provider.GetRequiredService<IOptions<JobOptions>>().Value.Lease,
        provider.GetRequiredService<TimeProvider>());
}
