using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Gateway.Telemetry;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Gateway.Workers;

/// <summary>Registers the workers and shows them to Accounts and the operator.</summary>
internal static class WorkersSlice
{
    public static WebApplicationBuilder AddWorkers(this WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection(RoutingOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<RoutingOptions>, RoutingOptionsValidator>();
        builder.Services.AddOptions<RoutingOptions>()
            .Configure(options =>
            {
                options.PollInterval = section.GetValue(nameof(RoutingOptions.PollInterval), options.PollInterval);
                options.PollTimeout = section.GetValue(nameof(RoutingOptions.PollTimeout), options.PollTimeout);
                options.FailuresToOpen = section.GetValue(nameof(RoutingOptions.FailuresToOpen), options.FailuresToOpen);
                options.Workers = builder.Configuration.ReadAddresses($"{RoutingOptions.Section}:{nameof(RoutingOptions.Workers)}");
            })
            .ValidateOnStart();
        builder.Services.AddSingleton<WorkerPool>();
        builder.Services.AddCallee("inference").AddSingleton<WorkerClient>();
        builder.Services.AddSingleton<WorkerPoller>().AddHostedService(services => services.GetRequiredService<WorkerPoller>());
        return builder;
    }

    /// <summary>Shows the workers in metrics.</summary>
    public static void MeasureWorkers(this WebApplication app)
    {
        var pool = app.Services.GetRequiredService<WorkerPool>();
        app.Services.GetRequiredService<GatewayMetrics>().ObserveWorkers(() => pool.Workers.Select(
            worker => new MeasuredWorker(worker.Url, worker.Healthy, worker.Drained, worker.InFlight)));
    }

    public static void MapFleet(this IEndpointRouteBuilder routes) =>
        routes.MapInternal("/internal/fleet", "accounts", "learning", "operator").MapGet("/", ShowFleet);

    internal static JsonHttpResult<Fleet> ShowFleet(WorkerPool pool, TimeProvider clock) => TypedResults.Json(
        new Fleet(clock.GetUtcNow(), [.. pool.Workers.Select(worker => worker.ToFleet())]), ContractsJson.Default.Fleet);
}
