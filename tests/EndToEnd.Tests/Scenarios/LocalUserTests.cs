using System.Text.RegularExpressions;
using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>What other users of the machine get from an installation: nothing.</summary>
[Collection(SharedTollgate.Name)]
public sealed class LocalUserTests(SharedTollgate shared)
{
    private string Data => shared.Running.Data;

    private IEnumerable<(string Name, int Id)> Processes
    {
        get
        {
            var ids = shared.Running.Endpoints.Pids;
            return [("up", ids.AllInOne), ("worker", ids.Worker), ("trainer", ids.Trainer),
                ("redis", ids.Redis), ("postgres", ids.Postgres)];
        }
    }

    [Fact]
    public async Task Another_user_reads_nothing_during_and_after_the_first_start()
    {
        Assert.Equal("", shared.SeenByOthers);
        if (Environment.IsPrivilegedProcess)
        {
            var seen = await OtherUser.RunAsync("find", Data, "-readable");
            var listed = await OtherUser.RunAsync("ls", Data);

            Assert.Equal("", seen.Output);
            Assert.NotEqual(0, listed.ExitCode);
        }
    }

    [Fact]
    public void Everything_in_the_data_folder_is_its_owners_alone()
    {
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

        var open = Directory.EnumerateFileSystemEntries(Data, "*", SearchOption.AllDirectories).Prepend(Data)
            .Where(path => (File.GetUnixFileMode(path) & Others) != 0 && !path.Contains("/postgres/data/", StringComparison.Ordinal));

        Assert.Empty(open); // Postgres sets the modes of its own files, in a folder that only it can enter.
        Assert.False(File.Exists(Path.Combine(Data, "postgres", "initdb.password")));
    }

    [Fact]
    public void No_part_runs_as_root_or_with_a_capability()
    {
        Assert.All(Processes, process =>
        {
            var status = File.ReadAllText($"/proc/{process.Id}/status");
            Assert.DoesNotMatch(@"Uid:\s0\s", status);
            foreach (var set in (string[])["CapInh", "CapPrm", "CapEff", "CapAmb"])
            {
                Assert.Matches($@"{set}:\s0+\n", status);
            }
        });
    }

    [Fact]
    public void No_process_shows_a_secret_in_its_environment_or_command_line()
    {
        var secrets = Directory.GetFiles(Path.Combine(Data, "secrets"))
            .Select(file => Regex.Match(File.ReadAllText(file), "[0-9a-f]{64}").Value).ToList();

        Assert.True(secrets.Count > 5 && secrets.TrueForAll(secret => secret.Length == 64));
        Assert.All(Processes, process =>
        {
            var shown = File.ReadAllText($"/proc/{process.Id}/environ") + File.ReadAllText($"/proc/{process.Id}/cmdline");
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, shown, StringComparison.Ordinal));
        });
    }
}
