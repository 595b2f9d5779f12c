using Hangfire;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Contracts.Reports;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Billing.Jobs;

/// <summary>Registers Hangfire and maps its dashboard.</summary>
internal static class JobsSlice
{
    public static IServiceCollection AddJobs(this IServiceCollection services)
    {
        // Registered before Hangfire's default, which is one storage for a whole process.
        services.AddSingleton<JobStorage>(provider => JobTables.Open(provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddSingleton<JobRunner>();
        services.AddSingleton<IAntiforgery, PortalToken>();
        services.AddHangfire((provider, hangfire) => hangfire
            .UseLogProvider(new HangfireLog(provider.GetRequiredService<ILoggerFactory>().CreateLogger("Hangfire")))
            .SetDataCompatibilityLevel(CompatibilityLevel.Version_180)
            .UseSimpleAssemblyNameTypeSerializer()
            .UseRecommendedSerializerSettings());
        services.AddHangfireServer(server => server.WorkerCount = 2);
        services.AddHostedService<JobSchedule>();
        return services;
    }

    /// <summary>Maps the dashboard for the portal, which lets operators in.</summary>
    public static IEndpointRouteBuilder MapJobs(this IEndpointRouteBuilder routes)
    {
        var options = new DashboardOptions
        {
            AppPath = "/admin",
            Authorization = [], // The bearer admits the portal alone.
            DashboardTitle = "Tollgate jobs",
            DisplayStorageConnectionString = false,
            StatsPollingInterval = 5_000,
        };
        routes.MapHangfireDashboard(JobsDashboard.Path, options).ExcludeFromDescription().OnlyFor(routes.ServiceProvider, "accounts");
        return routes;
    }
}
