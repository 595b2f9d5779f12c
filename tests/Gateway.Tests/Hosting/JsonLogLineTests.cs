using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Tollgate.ServiceDefaults.Hosting;
using ZLogger;

namespace Tollgate.Gateway.Tests.Hosting;

public sealed partial class JsonLogLineTests
{
    [Fact]
    public void FormatLogEntry_writes_one_object_on_one_line_whatever_the_entry_holds()
    {
        var line = Write(log => LogFailed(log, new InvalidOperationException("over\r\ntwo lines, ünd \"more\""), "a\nb \uD800"));

        Assert.Equal("error", line.GetProperty("level").GetString());
        Assert.Equal("Tollgate.Part", line.GetProperty("category").GetString());
        Assert.Equal(7, line.GetProperty("event").GetInt32());
        Assert.StartsWith("Failed: a\nb ", line.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("System.InvalidOperationException: over\r\ntwo lines, ünd \"more\"", line.GetProperty("exception").GetString());
        Assert.EndsWith("Z", line.GetProperty("timestamp").GetString(), StringComparison.Ordinal);
        Assert.False(line.TryGetProperty("trace_id", out _));
    }

    [Fact]
    public void FormatLogEntry_names_the_current_span_and_no_other_scope()
    {
        using var span = new Activity("span").SetIdFormat(ActivityIdFormat.W3C).Start();

        var line = Write(log =>
        {
            using var scope = log.BeginScope((KeyValuePair<string, object?>[])[new("Scope", "a secret")]);
            LogFailed(log, null, "it");
        });

        Assert.Equal(span.TraceId.ToString(), line.GetProperty("trace_id").GetString());
        Assert.Equal(span.SpanId.ToString(), line.GetProperty("span_id").GetString());
        Assert.DoesNotContain("secret", line.GetRawText(), StringComparison.Ordinal);
        Assert.False(line.TryGetProperty("exception", out _));
    }

    [Fact]
    public void IsJson_refuses_a_format_that_is_none()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("Logging:Format", "xml")]).Build();

        var error = Assert.Throws<InvalidOperationException>(() => LogFormats.IsJson(settings));

        Assert.Equal("Logging:Format: 'xml' is neither text nor json.", error.Message);
    }

    private static JsonElement Write(Action<ILogger> log)
    {
        using var written = new MemoryStream();
        using (var logs = LoggerFactory.Create(builder => builder
            .AddZLoggerStream(written, stream =>
            {
                stream.IncludeScopes = true;
                stream.UseFormatter(() => new JsonLogLine());
            })
            .Configure(factory => factory.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId)))
        {
            log(logs.CreateLogger("Tollgate.Part"));
        }

        var lines = Encoding.UTF8.GetString(written.ToArray());
        Assert.Equal(lines.Length - 1, lines.IndexOf('\n'));
        return JsonElement.Parse(lines);
    }

    [LoggerMessage(7, LogLevel.Error, "Failed: {What}")]
    private static partial void LogFailed(ILogger logger, Exception? exception, string what);
}
