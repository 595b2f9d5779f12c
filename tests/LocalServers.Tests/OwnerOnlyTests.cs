using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.LocalServers.Tests;

/// <summary>
/// What other users of the machine get of private servers. As root the servers change their user; otherwise they are ours.
/// </summary>
public sealed class OwnerOnlyTests
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    [Fact]
    public async Task Servers_run_without_capabilities_below_a_folder_that_only_its_owner_may_enter()
    {
        var above = OwnerOnly.Folder(Path.Combine(TestFolder.Create("closed"), "above"));
        var postgres = new PrivatePostgres(Path.Combine(above, "postgres"), "secret-of-postgres");
        var redis = new PrivateRedis(Path.Combine(above, "redis"), "secret-of-redis");
        using var watching = new CancellationTokenSource();
        var passwordModes = WatchAsync(Path.Combine(above, "postgres", "initdb.password"), watching.Token);

        using var first = await postgres.StartAsync(FreePort.Next(), [], CancellationToken.None);
        using var second = await redis.StartAsync(FreePort.Next(), CancellationToken.None);
        await watching.CancelAsync();

        Assert.All((ChildProcess[])[first, second], child =>
        {
            var status = File.ReadAllText($"/proc/{child.Id}/status");
            Assert.DoesNotMatch(@"Uid:\s0\s", status);
            Assert.Matches(@"CapPrm:\s0+\nCapEff:\s0+\n", status);
            var shown = File.ReadAllText($"/proc/{child.Id}/environ") + File.ReadAllText($"/proc/{child.Id}/cmdline");
            Assert.DoesNotContain("secret-of", shown, StringComparison.Ordinal);
        });
        Assert.All(
            (string[])["postgres", "postgres/data", "postgres/postgres.log", "redis", "redis/redis.conf", "redis/redis.log"],
            path => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Path.Combine(above, path)) & Others));
        Assert.All(await passwordModes, mode => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode));
        Assert.False(File.Exists(Path.Combine(above, "postgres", "initdb.password")));
        await first.StopAsync(ChildSignal.Interrupt, TimeSpan.FromSeconds(10));
        await second.StopAsync(ChildSignal.Terminate, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_folder_is_given_although_files_in_it_go_away_meanwhile()
    {
        var folder = TestFolder.Create("leaving");
        using var done = new CancellationTokenSource();
        var leaving = Task.Run(() =>
        {
            for (var i = 0; !done.IsCancellationRequested; i++)
            {
                var file = Path.Combine(folder, $"{i % 64}");
                File.WriteAllText(file, "");
                File.Delete(file);
            }
        });

        for (var i = 0; i < 50; i++)
        {
            await OwnerOnly.GiveAsync(folder, Environment.UserName, CancellationToken.None);
        }

        await done.CancelAsync();
        await leaving;
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => OwnerOnly.GiveAsync(Path.Combine(folder, "none"), Environment.UserName, CancellationToken.None));
    }

    [Fact]
    public async Task A_child_gets_no_settings_that_it_is_not_given()
    {
        Environment.SetEnvironmentVariable("TOLLGATE__Stripe__ApiKey", "sk_live_secret");
        var log = Path.Combine(TestFolder.Create("child"), "log");

        using var child = await ChildProcess.StartAsync(
            new ChildSpec("env", ["env"], new Dictionary<string, string> { ["TOLLGATE__Worker__Id"] = "w" }, log));
        await child.WaitForExitAsync();

        var shown = await File.ReadAllTextAsync(log);
        Assert.DoesNotContain("sk_live_secret", shown, StringComparison.Ordinal);
        Assert.Contains("TOLLGATE__Worker__Id=w", shown, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(log) & Others);
    }

    private static Task<HashSet<UnixFileMode>> WatchAsync(string path, CancellationToken cancellationToken) => Task.Run(async () =>
    {
        var modes = new HashSet<UnixFileMode>();
        while (!cancellationToken.IsCancellationRequested)
        {
            var file = new FileInfo(path);
            if (file.Exists)
            {
                modes.Add(file.UnixFileMode);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
        }

        modes.RemoveWhere(mode => mode < 0); // It went between two looks.
        return modes;
    });
}
