using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.ServiceDefaults.Telemetry;

namespace Tollgate.ServiceDefaults;

/// <summary>
/// Common parts of every service: routing, logs, metrics, traces, health, ProblemDetails, the clock, and authentication between services.
/// Composes the folders below; none of them uses it.
/// </summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Registers the defaults. Health checks tagged <c>ready</c> determine readiness.</summary>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder)
    {
        builder.AddHostDefaults();
        builder.Services.AddServiceAuthentication(builder.Configuration);
        builder.AddTelemetry();
        return builder;
    }

    /// <summary>Registers the defaults of a program that no service calls: no metrics, no bearers.</summary>
    public static WebApplicationBuilder AddHostDefaults(this WebApplicationBuilder builder)
    {
        builder.Services.AddTransient<IStartupFilter, HeadAsGet>();
        builder.Services.AddRoutingCore();
        builder.Services.AddProblemDetails();
        builder.Services.AddHealthChecks();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(35));

        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.AddConsoleLines(builder.Configuration);
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning);
        // At any level the host would make an activity for each request, and pass on the trace and baggage headers of any client.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // These libraries also throw the errors that they log; the code that catches decides whether to log one.
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", level => level == LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection.KeyManagement.KeyRingProvider", level => level == LogLevel.Warning);
        // A client's broken connection is not this service's problem.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None); // The response has the result.
        return builder;
    }

    /// <summary>
    /// Maps health on every listener, and <c>/metrics</c> on the internal one for the bearers of <c>metrics</c> and <c>operator</c>.
    /// </summary>
    public static WebApplication MapServiceDefaults(this WebApplication app)
    {
        app.Services.RequireBearers();
        app.MapHealth();
        app.MapPrometheusScrapingEndpoint("/metrics").OnlyFor(app.Services, "metrics", "operator");
        return app;
    }

    /// <summary>Maps <c>/health/live</c> and <c>/health/ready</c> on every listener.</summary>
    public static WebApplication MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
        return app;
    }
}
