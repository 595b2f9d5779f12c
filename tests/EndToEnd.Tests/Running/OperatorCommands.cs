using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>The operator's command line, run as a process of its own beside the running system.</summary>
internal sealed class OperatorCommands(string data)
{
    /// <summary>The built program that runs a whole installation.</summary>
    public static string Program { get; } = Built("AllInOne");

    /// <summary>The built command line.</summary>
    private static string CommandLine { get; } = Built("Cli");

    /// <summary>The program that has a verb.</summary>
    public static string ProgramOf(string verb) => verb is "up" or "doctor" ? Program : CommandLine;

    /// <summary>The built program of a project: the tests lie at <c>artifacts/bin/EndToEnd.Tests/[configuration]</c>, beside the programs
    /// of the same configuration.</summary>
    public static string Built(string project) => Path.Combine(
        SharedFiles.Repository, "artifacts", "bin", project, Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')),
        $"Tollgate.{project}.dll");

    /// <summary>Runs a subcommand on the data folder.</summary>
    public Task<ProgramRun> RunAsync(params string[] arguments) => ProgramRun.RunAsync(
        "dotnet", [ProgramOf(arguments[0]), .. arguments, "--data", data], patience: TimeSpan.FromMinutes(3));

    /// <summary>Makes a key; the command prints it alone on a line.</summary>
    /// <param name="limits">Such as <c>--rpm 3</c>.</param>
    public async Task<string> CreateKeyAsync(string name, params string[] limits)
    {
        var output = (await RunAsync(["keys", "create", "--name", name, .. limits])).Succeeded();
        return output.Split('\n').Single(line => line.StartsWith("sk-tg-", StringComparison.Ordinal)).Trim();
    }
}
