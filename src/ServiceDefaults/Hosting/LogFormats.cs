using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ZLogger;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>The two forms of a log line. Setting <c>Logging:Format</c>: <c>text</c> or <c>json</c>. Default <c>text</c>.</summary>
internal static class LogFormats
{
    private const string Setting = "Logging:Format";

    /// <summary>Whether lines are JSON objects, which hold the trace id.</summary>
    /// <exception cref="InvalidOperationException">The setting is neither.</exception>
    public static bool IsJson(IConfiguration configuration) => configuration[Setting] switch
    {
        null or "" or "text" => false,
        "json" => true,
        { } other => throw new InvalidOperationException($"{Setting}: '{other}' is neither text nor json."),
    };

    /// <summary>Writes lines to standard output in the form that the setting names.</summary>
    public static void AddConsoleLines(this ILoggingBuilder logging, IConfiguration configuration)
    {
        var json = IsJson(configuration);
        logging.AddZLoggerConsole(console =>
        {
            console.IncludeScopes = json;
            console.UseFormatter(() => json ? new JsonLogLine() : new LogLine());
            console.BackgroundBufferCapacity = 16_384;
            console.FullMode = BackgroundBufferFullMode.Drop; // A console without a reader must not block requests or fill memory.
        });
        if (json)
        {
            logging.Configure(factory =>
                factory.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        }
    }
}
