using System.CommandLine;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.AllInOne.Doctor;

/// <summary><c>tollgate doctor</c>: what is on this machine, what is missing, and what runs.</summary>
internal static class DoctorCommand
{
    /// <summary>Programs, and the setting that makes one needless to <c>up</c>; those of the tests are never needed by it.</summary>
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

    private static async Task<int> RunAsync(ParseResult parsed, DataFolder data, CancellationToken cancellationToken)
    {
        var settings = PlatformSettings.Read([]);
        var missing = 0;
        foreach (var (program, package, why, need) in Programs)
        {
            missing += Report(program, package, why, need.IsNeeded(settings)) ? 0 : 1;
        }

        var native = Path.Combine(AppContext.BaseDirectory, "libonnxruntime.so");
        await Console.Out.WriteLineAsync(
            File.Exists(native) ? $"ok       ONNX Runtime ({native})" : "MISSING  ONNX Runtime: npm ci --ignore-scripts, then build again");
        await Console.Out.WriteLineAsync(
            File.Exists("/dev/nvidia0") ? "ok       NVIDIA device /dev/nvidia0" : "-        no NVIDIA device: models run on the CPU");
        await ReportRunningAsync(data, cancellationToken);
        return missing == 0 && File.Exists(native) ? 0 : 1;
    }

    /// <summary>False when <c>up</c> would fail.</summary>
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

    private static async Task ReportRunningAsync(DataFolder data, CancellationToken cancellationToken)
    {
        try
        {
            var (client, endpoints) = OperatorClient.Connect(data);
            using (client)
            {
                var fleet = await client.GetAsync(
                    "gateway", $"{endpoints.GatewayInternal}/internal/fleet", Contracts.Json.ContractsJson.Default.Fleet,
                    cancellationToken);
                foreach (var worker in fleet.Workers)
                {
                    await Console.Out.WriteLineAsync(
                        $"runs     worker {worker.Url}: execution provider {worker.Status?.ExecutionProvider ?? "unknown, it does not answer"}");
                }
            }
        }
        catch (OperatorException exception)
        {
            await Console.Out.WriteLineAsync($"-        {exception.Message}");
        }
    }

    /// <summary>What <c>up</c> needs a program for: unless <paramref name="InsteadOf"/> names a server of the operator's.</summary>
    private sealed record Need(string? InsteadOf, bool OfTests = false)
    {
        public static readonly Need None = new(null, OfTests: true);

        public bool IsNeeded(IConfiguration settings) => !OfTests && (InsteadOf is null || string.IsNullOrEmpty(settings[InsteadOf]));
    }
}
