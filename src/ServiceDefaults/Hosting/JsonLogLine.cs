using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ZLogger;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>
/// Formats an entry as one JSON object on one line: <c>timestamp</c> (UTC), <c>level</c>, <c>category</c>, <c>event</c>,
/// <c>message</c> and, where there are any, <c>trace_id</c>, <c>span_id</c> and <c>exception</c>. Only the writer's single thread formats.
/// </summary>
internal sealed class JsonLogLine : IZLoggerFormatter
{
    private readonly ArrayBufferWriter<byte> _message = new();

    public bool WithLineBreak => true;

    public void FormatLogEntry(IBufferWriter<byte> writer, IZLoggerEntry entry)
    {
        var info = entry.LogInfo;
        _message.ResetWrittenCount();
        entry.ToString(_message);
        using var json = new Utf8JsonWriter(writer);
        json.WriteStartObject();
        json.WriteString("timestamp"u8, info.Timestamp.Utc.UtcDateTime);
        json.WriteString("level"u8, Level(info.LogLevel));
        json.WriteString("category"u8, info.Category.JsonEncoded);
        json.WriteNumber("event"u8, info.EventId.Id);
        json.WriteString("message"u8, Encoding.UTF8.GetString(_message.WrittenSpan)); // Replaces bytes that are no UTF-8.
        if (info.ScopeState is { IsEmpty: false } scopes)
        {
            WriteTrace(json, scopes);
        }

        if (info.Exception is { } exception)
        {
            json.WriteString("exception"u8, exception.ToString());
        }

        json.WriteEndObject();
    }

    /// <summary>Writes the ids that <see cref="ActivityTrackingOptions"/> adds, and nothing else of the scopes.</summary>
    private static void WriteTrace(Utf8JsonWriter json, LogScopeState scopes)
    {
        foreach (var (name, value) in scopes.Properties)
        {
            if (name is "TraceId" or "SpanId" && value is string id)
            {
                json.WriteString(name == "TraceId" ? "trace_id"u8 : "span_id"u8, id);
            }
        }
    }

    private static ReadOnlySpan<byte> Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace"u8,
        LogLevel.Debug => "debug"u8,
        LogLevel.Information => "information"u8,
        LogLevel.Warning => "warning"u8,
        LogLevel.Error => "error"u8,
        _ => "critical"u8,
    };
}
