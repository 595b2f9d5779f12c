using Tollgate.AllInOne.Up;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>What goes to the terminal, what goes to the logs, and how large they become.</summary>
[Collection(SharedTollgate.Name)]
public sealed class LogFilesTests(SharedTollgate shared)
{
    [Fact]
    public void The_terminal_shows_no_log_line_and_the_log_repeats_none()
    {
        var lines = shared.FirstLog.Where(line => line.Length > 25).Select(line => line[25..]).ToList(); // Without the time.

        var repeated = lines.GroupBy(line => line).Where(line => line.Count() > 3).Select(line => line.Key);

        Assert.DoesNotContain(" info: ", shared.Running.Printed, StringComparison.Ordinal);
        Assert.Contains(
            $"Log {Path.Combine(shared.Running.Data, "logs", "tollgate.log")}", shared.Running.Printed, StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("Tollgate.Gateway.Shipping", StringComparison.Ordinal));
        Assert.Empty(repeated);
    }

    [Fact]
    public async Task A_log_of_any_part_that_grew_is_put_aside_while_its_writer_goes_on()
    {
        var log = Path.Combine(shared.Running.Data, "redis", "redis.log");
        await using (var file = new FileStream(log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
        {
            await file.WriteAsync(new byte[LogFiles.MostBytes + 1]);
        }

        await Until.TrueAsync(() => new FileInfo(log).Length < LogFiles.MostBytes && File.Exists(log + ".1"), "the log is put aside");

        Assert.True(new FileInfo(log + ".1").Length > LogFiles.MostBytes);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(log + ".1"));
    }

    [Fact]
    public void Rotate_keeps_four_older_files()
    {
        var log = Path.Combine(TestFolder.Create("logs"), "a.log");
        for (var round = 1; round <= 7; round++)
        {
            File.AppendAllText(log, $"round {round}");
            LogFiles.Rotate(log, mostBytes: 3);
        }

        Assert.Equal(
            ["a.log", "a.log.1", "a.log.2", "a.log.3", "a.log.4"],
            Directory.GetFiles(Path.GetDirectoryName(log)!).Select(Path.GetFileName).Order());
        Assert.Equal(["round 7", "round 4"], (string[])[File.ReadAllText(log + ".1"), File.ReadAllText(log + ".4")]);
        Assert.Equal("", File.ReadAllText(log));
    }
}
