using System.Collections;
using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.ServiceDefaults.Telemetry;

/// <summary>Registers metrics and traces of a service.</summary>
/// <remarks>
/// A service listens to its own meter and its own activity source alone. Both have its application's name, such as
/// <c>Tollgate.Gateway</c>. Sources of libraries belong to the process: where several services share one, each would export the spans of
/// all.
/// </remarks>
internal static class TelemetrySetup
{
    private const string Prefix = "OTEL_";
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";

    /// <exception cref="InvalidOperationException">The collector's address is none; the message names the setting.</exception>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        AddStandardVariables(builder.Configuration);
        builder.Services.AddSingleton<IValidateOptions<TelemetryOptions>, TelemetryOptionsValidator>();
        builder.Services.AddOptions<TelemetryOptions>().BindConfiguration(TelemetryOptions.Section).ValidateOnStart();

        var service = builder.Environment.ApplicationName;
        var exports = Exports(builder.Configuration);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear()
                .AddService(service.Replace('.', '-').ToLowerInvariant(), serviceVersion: Version)
                .AddTelemetrySdk()
                .AddEnvironmentVariableDetector()) // Last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
            .WithMetrics(metrics => metrics.AddMeter(service, "System.Runtime").AddView(RuntimeNames.View).AddPrometheusExporter());
        if (exports || LogFormats.IsJson(builder.Configuration))
        {
            telemetry.WithTracing(tracing => tracing.AddSource(service).SetSampler(services => Sampler(services, exports)));
            builder.Services.AddSingleton<IStartupFilter>(services => new RequestSpans(
                new ActivitySource(service), services.GetRequiredService<IOptions<TelemetryOptions>>().Value.TraceRatio));
        }

        if (exports)
        {
            telemetry.UseOtlpExporter();
        }

        // The trace goes to services of the platform alone, see TraceParentHandler.
        builder.Services.ConfigureHttpClientDefaults(
            http => http.UseSocketsHttpHandler((handler, _) => handler.ActivityHeadersPropagator = null));
    }

    private static string? Version =>
        typeof(TelemetrySetup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    /// <summary>Without an exporter traces exist for the ids in the logs alone, and nothing of them is recorded.</summary>
    private static Sampler Sampler(IServiceProvider services, bool exports) => exports
        ? new ParentBasedSampler(
            new TraceIdRatioBasedSampler(services.GetRequiredService<IOptions<TelemetryOptions>>().Value.TraceRatio))
        : new AlwaysOffSampler();

    /// <summary>The exporter reads its variables from the configuration, which has those of <c>TOLLGATE__</c> alone.</summary>
    private static void AddStandardVariables(ConfigurationManager configuration)
    {
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
            .Where(variable => variable.Key.StartsWith(Prefix, StringComparison.Ordinal) && configuration[variable.Key] is null)
            .ToDictionary();
        var section = configuration.GetSection(TelemetryOptions.Section);
        Override(variables, Endpoint, section[nameof(TelemetryOptions.OtlpEndpoint)]);
        Override(variables, Protocol, section[nameof(TelemetryOptions.OtlpProtocol)]);
        configuration.AddInMemoryCollection(variables);
    }

    private static void Override(Dictionary<string, string?> variables, string name, string? setting)
    {
        if (!string.IsNullOrEmpty(setting))
        {
            variables[name] = setting;
        }
    }

    private static bool Exports(ConfigurationManager configuration)
    {
        if (configuration[Endpoint] is not { Length: > 0 } address)
        {
            return false;
        }

        return Uri.TryCreate(address, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? true
            : throw new InvalidOperationException(
                $"{TelemetryOptions.Section}:{nameof(TelemetryOptions.OtlpEndpoint)} or {Endpoint}: '{address}' is not an address such as "
                + "http://127.0.0.1:4317.");
    }
}
