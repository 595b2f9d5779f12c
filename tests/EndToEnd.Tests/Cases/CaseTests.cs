using System.Text;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Cases;

/// <summary>
/// Runs every program of the shared folder <c>cases</c> as an outside attacker or auditor would: over HTTP, the command line and the file
/// system. Exit code 0 means right. Each fault also has a test of its own beside the code; these prove the whole.
/// </summary>
public sealed class CaseTests
{
    /// <summary>What the cases of an ordinary start need beside the environment. <c>credential_limit</c> stands last: it uses up the
    /// address's sign-in attempts of a minute.</summary>
    private static readonly string[][] Ordinary =
    [
        ["01-embedding-token-ids.sh"], ["02-developer-role.sh"], ["04-logprobs-zero.sh"], ["05-content-type-charset.sh"],
        ["06-nginx-buffering.sh"], ["07-head.sh"], ["09-import-bos-not-held.sh"], ["11-import-template-that-cannot-render.sh"],
        ["local_user.sh", "{data}"], ["worker_secret.py", "{data}"], ["prehijack.py", "{data}"], ["credential_limit.py", "{data}"],
    ];

    [SharedFact("cases")]
    public async Task Cases_of_an_ordinary_start_end_with_0()
    {
        await using var running = await RunningTollgate.StartAsync();

        var faults = new StringBuilder();
        foreach (var command in Ordinary)
        {
            await RunAsync(running, command, faults);
        }

        Assert.Empty(faults.ToString());
    }

    [SharedFact("cases")]
    public async Task Cases_of_a_public_address_end_with_0()
    {
        await using var running = await RunningTollgate.StartAsync(new Dictionary<string, string>
        {
            ["TOLLGATE__Portal__PublicUrl"] = "https://portal.example.test",
            ["TOLLGATE__Portal__Hsts"] = "true",
            ["TOLLGATE__Mail__Mode"] = "Off",
        });

        var faults = new StringBuilder();
        await RunAsync(running, ["public_url.sh", "{portal}", "{data}"], faults);

        Assert.Empty(faults.ToString());
    }

    [SharedFact("cases")]
    public async Task Hostile_model_files_are_refused_or_bounded()
    {
        var run = await ProgramRun.RunAsync(
            "python3", [SharedFiles.At("cases/hostile_models.py"), SharedFiles.Repository], patience: TimeSpan.FromMinutes(10));

        Assert.True(run.ExitCode == 0, run.Output + run.Error);
    }

    private static async Task RunAsync(RunningTollgate running, string[] command, StringBuilder faults)
    {
        var environment = new Dictionary<string, string>
        {
            ["API"] = running.Endpoints.Api,
            ["KEY"] = running.FirstKey,
            ["DATA"] = running.Data,
            ["TOLLGATE"] = Path.Combine(SharedFiles.Repository, "tollgate"),
            ["GGUF"] = Path.Combine(SharedFiles.Repository, "models", "tiny-assistant", "tiny-assistant.gguf"),
        };
        var shell = command[0].EndsWith(".py", StringComparison.Ordinal) ? "python3" : "bash";
        var arguments = command.Skip(1).Select(argument => argument
            .Replace("{data}", running.Data, StringComparison.Ordinal)
            .Replace("{portal}", running.Endpoints.Portal, StringComparison.Ordinal));
        var run = await ProgramRun.RunAsync(
            shell, [SharedFiles.At(Path.Combine("cases", command[0])), .. arguments], environment, patience: TimeSpan.FromMinutes(5));
        if (run.ExitCode != 0)
        {
            faults.Append(command[0]).Append(" ended with ").Append(run.ExitCode).Append(":\n").Append(run.Output).Append(run.Error);
        }
    }
}
