using System.CommandLine;
using Tollgate.LocalServers;

namespace Tollgate.AllInOne.Doctor;

/// <summary><c>tollgate doctor</c>: what is on this machine, what is missing, and what runs.</summary>
internal static class DoctorCommand
{
    private static readonly (string Program, string Package, string Why)[] Programs =
    [
        ("postgres", "postgresql", "accounts, ledger and usage"),
        ("initdb", "postgresql", "makes the private Postgres"),
        ("redis-server", "redis-server", "limits and tills"),
        ("setpriv", "util-linux", "ties children to their parent"),
        ("node", "nodejs", "tests with the official clients"),
        ("chromium", "chromium", "the browser test"),
    ];

    public static Command Create() =>
        new Command("doctor", "Says what is here, what is missing, and which execution provider is used.").Does(RunAsync);

    private static async Task<int> RunAsync(ParseResult parsed, DataFolder data, CancellationToken cancellationToken)
    {
        var missing = 0;
        foreach (var (program, package, why) in Programs)
        {
            missing += Report(program, package, why) ? 0 : 1;
        }

        var native = Path.Combine(AppContext.BaseDirectory, "libonnxruntime.so");
        await Console.Out.WriteLineAsync(
            File.Exists(native) ? $"ok       ONNX Runtime ({native})" : "MISSING  ONNX Runtime: npm ci --ignore-scripts, then build again");
        await Console.Out.WriteLineAsync(
            File.Exists("/dev/nvidia0") ? "ok       NVIDIA device /dev/nvidia0" : "-        no NVIDIA device: models run on the CPU");
        await ReportRunningAsync(data, cancellationToken);
        return missing == 0 && File.Exists(native) ? 0 : 1;
    }

    private static bool Report(string program, string package, string why)
    {
        try
        {
            Console.WriteLine($"ok       {program} ({ServerBinaries.Find(program, package)})");
            return true;
        }
        catch (MissingServerException)
        {
            Console.WriteLine($"MISSING  {program}, for {why}: apt-get install -y {package}");
            return false;
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
}
