using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using ZLogger;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>
/// Formats an entry as exactly one line: time (UTC), level, category, event id, message, exception. Replaces line breaks by spaces, so
/// that no text from a client or an exception can look like a separate entry.
/// </summary>
internal sealed class LogLine : IZLoggerFormatter
{
    private const int TimeBytes = 25;
    private readonly ArrayBufferWriter<byte> _text = new(); // Only the writer's single thread formats.

    public bool WithLineBreak => true;

    public void FormatLogEntry(IBufferWriter<byte> writer, IZLoggerEntry entry)
    {
        var info = entry.LogInfo;
        _text.ResetWrittenCount();
        info.Timestamp.Utc.UtcDateTime.TryFormat(
            _text.GetSpan(TimeBytes), out var written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z '", CultureInfo.InvariantCulture);
        _text.Advance(written);
        _text.Write(Level(info.LogLevel));
        _text.Write(info.Category.Utf8Span);
        _text.Write("["u8);
        info.EventId.Id.TryFormat(_text.GetSpan(11), out written, default, CultureInfo.InvariantCulture);
        _text.Advance(written);
        _text.Write("] "u8);
        entry.ToString(_text);
        if (info.Exception is { } exception)
        {
            _text.Write(" "u8);
            Encoding.UTF8.GetBytes(exception.ToString(), _text);
        }

        var line = writer.GetSpan(_text.WrittenCount);
        _text.WrittenSpan.CopyTo(line);
        line = line[.._text.WrittenCount];
        line.Replace((byte)'\n', (byte)' ');
        line.Replace((byte)'\r', (byte)' ');
        writer.Advance(line.Length);
    }

    private static ReadOnlySpan<byte> Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce: "u8,
        LogLevel.Debug => "dbug: "u8,
        LogLevel.Information => "info: "u8,
        LogLevel.Warning => "warn: "u8,
        LogLevel.Error => "fail: "u8,
        _ => "crit: "u8,
    };
}
