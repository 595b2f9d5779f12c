using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Billing.Jobs;

/// <summary>
/// Work on the calendar that a person asks about. Hangfire starts it, so it has a place in the dashboard. What must run every few
/// seconds is a <see cref="ServiceDefaults.Work.RecurringWork"/> instead.
/// </summary>
internal interface IScheduledJob
{
    /// <summary>Does what is due. Must be safe to be interrupted anywhere and to run again.</summary>
    Task RunOnceAsync(CancellationToken cancellationToken);
}

/// <summary>A job and when it runs.</summary>
/// <param name="Name">Its name in the dashboard and in Hangfire's tables.</param>
/// <param name="Cron">Minute, hour, day, month and weekday, in UTC.</param>
internal sealed record ScheduledJob(string Name, string Cron, IScheduledJob Work);

/// <summary>Registers the jobs of the slices.</summary>
internal static class ScheduledJobs
{
    /// <summary>Registers <typeparamref name="TJob"/> as a singleton that also runs once after each start of the service.</summary>
    public static IServiceCollection AddScheduledJob<TJob>(this IServiceCollection services, string name, string cron)
        where TJob : class, IScheduledJob
    {
        services.AddSingleton<TJob>();
        return services.AddSingleton(provider => new ScheduledJob(name, cron, provider.GetRequiredService<TJob>()));
    }
}
