using System.CommandLine;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Data;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Sessions;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.AllInOne.Doctor;

/// <summary><c>tollgate doctor</c>: reports what is installed, what is missing, and what runs.</summary>
internal static class DoctorCommand
{
    /// <summary>
    /// Programs, each with the setting that makes it unnecessary for <c>up</c>. <c>up</c> never needs those of the tests.
    /// </summary>
    private static readonly (string Program, string Package, string Why, Need Need)[] Programs =
    [
        ("postgres", "postgresql", "accounts, ledger and usage", new Need("AllInOne:Postgres")),
        ("initdb", "postgresql", "makes the private Postgres", new Need("AllInOne:Postgres")),
        ("redis-server", "redis-server", "limits and tills", new Need("AllInOne:Redis")),
        ("setpriv", "util-linux", "ties children to their parent", new Need(null)),
        ("node", "nodejs", "only the tests with the official clients", Need.None),
        ("chromium", "chromium", "only the browser test", Need.None),
    ];

    public static Command Create() =>
        new Command("doctor", "Says what is here, what is missing, and which execution provider is used.").Does(RunAsync);

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var settings = PlatformSettings.Read([]);
        var missing = 0;
        foreach (var (program, package, why, need) in Programs)
        {
            missing += Report(program, package, why, need.IsNeeded(settings)) ? 0 : 1;
        }

        missing += ReportOnnxRuntime() && ReportProvider(settings) ? 0 : 1;
        await ReportRunningAsync(DataFolder.Of(parsed), cancellationToken);
        return missing == 0 ? 0 : 1;
    }

    /// <summary>Reports a program. Returns false when <c>up</c> would fail without it.</summary>
    private static bool Report(string program, string package, string why, bool needed)
    {
        try
        {
            Console.WriteLine($"ok       {program} ({ServerBinaries.Find(program, package)})");
            return true;
        }
        catch (MissingServerException)
        {
            Console.WriteLine($"{(needed ? "MISSING " : "-       ")} {program}, for {why}: apt-get install -y {package}");
            return !needed;
        }
    }

    /// <summary>
    /// Reports ONNX Runtime. Returns false when no model can run, because the native library is missing or does not load.
    /// </summary>
    private static bool ReportOnnxRuntime()
    {
        try
        {
            Console.WriteLine($"ok       ONNX Runtime {OrtEnv.Instance().GetVersionString()}");
            return true;
        }
        catch (TypeInitializationException exception)
        {
            Console.WriteLine($"MISSING  ONNX Runtime: {exception.InnerException?.Message ?? exception.Message}");
            return false;
        }
    }

    /// <summary>
    /// Reports the execution provider that workers take, and whether there is CUDA. Returns false when the one that was asked for does not
    /// work.
    /// </summary>
    private static bool ReportProvider(IConfiguration settings)
    {
        var execution = settings.GetSection(ExecutionOptions.Section).Get<ExecutionOptions>() ?? new ExecutionOptions();
        var cause = ProviderProbe.TryCuda();
        Console.WriteLine(cause is null ? "ok       CUDA: a small decoder runs on it" : $"-        CUDA: {cause}");
        Console.WriteLine("-        CUDA is untested on a GPU by the project; tests/Gpu/check.sh tells whether it works on this machine");
        if (execution.Provider == ExecutionProviderChoice.Cuda && cause is not null)
        {
            Console.WriteLine($"MISSING  execution provider cuda, which {ExecutionOptions.Section}:Provider asks for");
            return false;
        }

        var provider = execution.Provider == ExecutionProviderChoice.Cuda
            ? new ExecutionProvider("cuda", "asked for") : ProviderProbe.Probe(execution.Provider);
        Console.WriteLine($"ok       execution provider {provider.Name}: {provider.Reason}");
        return true;
    }

    private static async Task ReportRunningAsync(DataFolder data, CancellationToken cancellationToken)
    {
        try
        {
            using var client = OperatorClient.Connect(data);
            var fleet = await client.GetAsync(
                "gateway", "/internal/fleet", Contracts.Json.ContractsJson.Default.Fleet, cancellationToken);
            foreach (var worker in fleet.Workers)
            {
                await Console.Out.WriteLineAsync(
                    $"runs     worker {worker.Url}: execution provider "
                    + $"{worker.Status?.ExecutionProvider ?? "unknown, it does not answer"}");
            }
        }
        catch (OperatorException exception)
        {
            await Console.Out.WriteLineAsync($"-        {exception.Message}");
        }
    }

    /// <summary>When <c>up</c> needs a program: unless the setting <paramref name="InsteadOf"/> names a server of the operator.</summary>
    private sealed record Need(string? InsteadOf, bool OfTests = false)
    {
        public static readonly Need None = new(null, OfTests: true);

        public bool IsNeeded(IConfiguration settings) => !OfTests && (InsteadOf is null || string.IsNullOrEmpty(settings[InsteadOf]));
    }
}
