using Tollgate.Cli.Models;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;

namespace Tollgate.Cli.Tests.Models;

public sealed class VersionTableTests
{
    private static readonly DateTimeOffset Began = new(2026, 5, 1, 8, 0, 0, TimeSpan.Zero);
    private static readonly CanaryReport Canary = new(
        Guid.Empty, "m", "2", "1", new CanaryTerms([5, 100], TimeSpan.FromMinutes(10), 2, 1.5, 50), CanaryState.Running, 5, Began, Began,
        null, null, [new CanaryEvent(Began, 5, "Started, against version 1.", null, null)])
    {
        Standing = "The window of 00:10:00 is not over.",
    };

    [Fact]
    public async Task Versions_show_state_share_memory_figures_and_what_is_wrong()
    {
        var model = new VersionedModel("m", "chat",
        [
            new VersionLine("3", 0, 10, false, [new VersionPlace("w1", ModelState.Broken, "The file is cut.", 0)])
            {
                Answers = new VersionFigures(0, 0, null, null),
                Shadows = new VersionFigures(7, 1, 80, 90),
            },
            new VersionLine("2", 0.05, 0, false,
                [new VersionPlace("w1", ModelState.Ready, null, 300 << 20), new VersionPlace("w2", ModelState.Loading, null, 0)])
            {
                Answers = new VersionFigures(60, 1, 123.4, 456.7),
            },
            new VersionLine("1", 0.95, 0, true, []),
        ])
        {
            Canary = Canary,
        };

        var lines = await WriteAsync(output => VersionTable.WriteAsync([model], output));

        Assert.Matches("^m +3 +broken 1 +0 % +10 % +- +0 +0 +- +-$", lines[1]);
        Assert.Matches("^m +2 +ready 1, loading 1 +5 % +- +300 MiB +60 +1 +123 ms +457 ms$", lines[2]);
        Assert.Matches("^m +1 +not installed +95 % ", lines[3]);
        Assert.Equal(
            [
                "  Version 3 cannot be served by w1: The file is cut.",
                "  Copies at version 3: 7 requests, 1 failed, median 80 ms, 95 % 90 ms.",
                "  Canary: version 2 at 5 %, against version 1, since 2026-05-01 08:00:00. The window of 00:10:00 is not over.",
            ],
            lines[4..]);
    }

    [Fact]
    public async Task History_shows_each_canary_with_what_happened()
    {
        var rolledBack = Canary with
        {
            State = CanaryState.RolledBack,
            EndedAt = Began.AddMinutes(10),
            Events = [.. Canary.Events, new CanaryEvent(Began.AddMinutes(10), 0, "Errors: 6 of 60.", null, null)],
        };

        var lines = await WriteAsync(output => VersionTable.WriteAsync([rolledBack], output));

        Assert.Matches("^2026-05-01 08:00:00 +2026-05-01 08:10:00 +2 +1 +rolled back", lines[1]);
        Assert.Equal(
            ["  2026-05-01 08:00:00   5 %  Started, against version 1.", "  2026-05-01 08:10:00   0 %  Errors: 6 of 60."], lines[2..]);
    }

    private static async Task<string[]> WriteAsync(Func<TextWriter, Task> write)
    {
        await using var output = new StringWriter { NewLine = "\n" };
        await write(output);
        return output.ToString().TrimEnd('\n').Split('\n');
    }
}
