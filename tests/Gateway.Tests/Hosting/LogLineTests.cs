using System.Text;
using Microsoft.Extensions.Logging;
using Tollgate.ServiceDefaults.Hosting;
using ZLogger;

namespace Tollgate.Gateway.Tests.Hosting;

public sealed partial class LogLineTests
{
    [Fact]
    public void FormatLogEntry_writes_one_line_whatever_the_entry_holds()
    {
        using var written = new MemoryStream();
        using (var logs = LoggerFactory.Create(builder => builder.AddZLoggerStream(written, log => log.UseFormatter(() => new LogLine()))))
        {
            LogFailed(logs.CreateLogger("Tollgate.Part"), new InvalidOperationException("over\r\ntwo lines, ünd more"), "a\nb");
        }

        var line = Encoding.UTF8.GetString(written.ToArray());
        Assert.Equal(line.Length - 1, line.IndexOf('\n'));
        Assert.Matches(
            @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z fail: Tollgate\.Part\[7\] Failed: a b "
            + @"System\.InvalidOperationException: over  two lines, ünd more$",
            line.TrimEnd('\n'));
    }

    [LoggerMessage(7, LogLevel.Error, "Failed: {What}")]
    private static partial void LogFailed(ILogger logger, Exception exception, string what);
}
