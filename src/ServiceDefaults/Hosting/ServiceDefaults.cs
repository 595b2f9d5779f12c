using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using ZLogger;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>What every service has: routing, logs, metrics, health, ProblemDetails,
/// the clock, and authentication between services.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Registers the defaults. A health check tagged <c>ready</c> counts for readiness.</summary>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder)
    {
        builder.AddHostDefaults();
        builder.Services.AddServiceAuthentication(builder.Configuration);
        var telemetry = builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter("Tollgate.*", "System.Runtime").AddPrometheusExporter());
        if (builder.Configuration["Telemetry:OtlpEndpoint"] is { Length: > 0 } endpoint)
        {
            telemetry.UseOtlpExporter(OpenTelemetry.Exporter.OtlpExportProtocol.Grpc, new Uri(endpoint))
                .WithTracing(tracing => tracing.AddSource("Microsoft.AspNetCore", "System.Net.Http", "Npgsql"));
        }

        return builder;
    }

    /// <summary>The defaults of a program that no service of the platform calls: no metrics, no bearers.</summary>
    public static WebApplicationBuilder AddHostDefaults(this WebApplicationBuilder builder)
    {
        builder.Services.AddTransient<IStartupFilter, HeadAsGet>();
        builder.Services.AddRoutingCore();
        builder.Services.AddProblemDetails();
        builder.Services.AddHealthChecks();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(35));

        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.AddZLoggerConsole(console =>
        {
            console.UseFormatter(() => new LogLine());
            console.BackgroundBufferCapacity = 16_384;
            console.FullMode = BackgroundBufferFullMode.Drop; // A console that nobody reads must not stop requests, nor fill memory.
        });
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning);
        // What these log as an error they also throw, and whoever catches it knows whether it is one.
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", level => level == LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection.KeyManagement.KeyRingProvider", level => level == LogLevel.Warning);
        // A client's broken connection is not our warning.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None); // The answer says it, to whoever asked.
        return builder;
    }

    /// <summary>Maps health on every listener, and <c>/metrics</c> on the internal one for whoever shows the bearer of <c>metrics</c> or
    /// of the operator.</summary>
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
