using System.CommandLine;
using Tollgate.Chaos.Tests;
using Tollgate.Chaos.Tests.Exactness;
using Tollgate.Chaos.Tests.Hostile;
using Tollgate.Chaos.Tests.Learning;
using Tollgate.Chaos.Tests.Mixes;
using Tollgate.Chaos.Tests.Solo;

Option<double> minutes = new("--minutes") { Description = "Minutes of load and faults.", DefaultValueFactory = _ => 1 };
Option<int> seed = new("--seed") { Description = "Seed of load and faults.", DefaultValueFactory = _ => Random.Shared.Next(1_000_000) };
Option<int> gateways = new("--gateways") { Description = "Gateways.", DefaultValueFactory = _ => 3 };
Option<int> workers = new("--workers") { Description = "Workers.", DefaultValueFactory = _ => 2 };
Option<int> clients = new("--clients") { Description = "Calls in flight at most.", DefaultValueFactory = _ => 16 };
Option<double> gap = new("--gap") { Description = "Mean seconds between two faults.", DefaultValueFactory = _ => 3.3 };
Option<DirectoryInfo?> folder = new("--folder")
{
    Description = "Data and logs; kept. Default: a new folder under the system's for temporary files.",
};

var command = new RootCommand("Kills and stops the parts of a whole cluster under load, then holds its books against the truth.")
{
    minutes, seed, gateways, workers, clients, gap, folder,
};
command.SetAction(async (parsed, _) =>
{
    var options = new ChaosOptions(
        TimeSpan.FromMinutes(parsed.GetValue(minutes)),
        parsed.GetValue(seed),
        parsed.GetValue(gateways),
        parsed.GetValue(workers),
        parsed.GetValue(clients),
        TimeSpan.FromSeconds(parsed.GetValue(gap)),
        parsed.GetValue(folder)?.FullName ?? NewFolder());
    var report = await new ChaosRun(options, Console.Out, TimeProvider.System).RunAsync();
    await Console.Out.WriteLineAsync();
    await Console.Out.WriteLineAsync(report.ToString());
    return report.Violations.Count == 0 ? 0 : 1;
});
command.Subcommands.Add(ExactCommand.Create());
command.Subcommands.Add(HostileCommand.Create());
command.Subcommands.Add(LearningCommand.Create());
command.Subcommands.Add(MixCommand.Create());
command.Subcommands.Add(SoloCommand.Create());
var order = command.Parse(args);
if (order.Errors.Count > 0)
{
    await Console.Error.WriteLineAsync($"tollgate chaos: {order.Errors[0].Message}");
    return 2;
}

return await order.InvokeAsync();

static string NewFolder()
{
    var folder = Directory.CreateTempSubdirectory("tollgate-chaos-").FullName;

    // Redis runs as a user of its own and reads its clock from below.
    File.SetUnixFileMode(
        folder,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    return folder;
}
