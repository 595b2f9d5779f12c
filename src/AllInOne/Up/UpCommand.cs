using System.CommandLine;
using System.Runtime.InteropServices;
using Tollgate.AllInOne.Models;

namespace Tollgate.AllInOne.Up;

/// <summary><c>tollgate up</c>: runs a whole installation until Ctrl-C or SIGTERM.</summary>
internal static class UpCommand
{
    private const string FirstModel = "tiny-assistant";
    private static readonly Option<int> ApiPort =
        new("--api-port") { Description = "Port of the API; 0 takes a free one.", DefaultValueFactory = _ => 8080 };
    private static readonly Option<int> PortalPort =
        new("--portal-port") { Description = "Port of the portal; 0 takes a free one.", DefaultValueFactory = _ => 8081 };

    public static Command Create() =>
        new Command("up", "Starts everything: API, portal, worker, Postgres, Redis.") { ApiPort, PortalPort }.Does(RunAsync);

    private static async Task<int> RunAsync(ParseResult parsed, DataFolder data, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var only = OnlyOneAt(data);
        var terminal = Console.Out;
        await using var log =
            new StreamWriter(new FileStream(Path.Combine(data.Folder("logs"), "tollgate.log"), FileMode.Append, FileAccess.Write,
                FileShare.ReadWrite)) { AutoFlush = true };
        using var signals = new StopSignals();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, signals.Token);

        var ports = Ports.Choose(parsed.GetValue(ApiPort), parsed.GetValue(PortalPort));
        Console.SetOut(TextWriter.Synchronized(log)); // The services log to the console; here the terminal is the operator's.
        try
        {
            var configuration = new ConfigurationBuilder().AddEnvironmentVariables("TOLLGATE__").Build();
            await using var installation = await Installation.StartAsync(
                data, ports, configuration, line => terminal.WriteLine($"  {line} …"), line =>
                Console.WriteLine($"supervisor: {line}"), stop.Token);
            var endpoints = Endpoints.Read(data)!;
            await PendingPrices.SendAsync(data, stop.Token);
            var isFirst = await FirstStart.BootstrapAsync(data, endpoints, stop.Token);
            var key = File.Exists(data.FirstKeyFile) ? (await File.ReadAllTextAsync(data.FirstKeyFile, stop.Token)).Trim() : null;
            if (key is not null)
            {
                terminal.WriteLine("  waiting for the first model …");
                await WaitForModelAsync(terminal, endpoints, key, stop.Token);
            }

            await ShowAsync(terminal, data, endpoints, isFirst, TimeProvider.System.GetElapsedTime(started));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await terminal.WriteLineAsync("Stopped.");
        }

        File.Delete(data.EndpointsFile);
        return 0;
    }

    private static async Task WaitForModelAsync(TextWriter terminal, Endpoints endpoints, string key, CancellationToken cancellationToken)
    {
        try
        {
            await FirstStart.WaitForModelAsync(endpoints, key, FirstModel, cancellationToken);
        }
        catch (OperatorException exception)
        {
            // The operator may have revoked the key or hidden the model: that is no reason to stay down.
            await terminal.WriteLineAsync($"  {exception.Message}");
        }
    }

    private static async Task ShowAsync(TextWriter terminal, DataFolder data, Endpoints endpoints, bool isFirst, TimeSpan elapsed)
    {
        await terminal.WriteLineAsync();
        await terminal.WriteLineAsync($"API {endpoints.Api}/v1");
        await terminal.WriteLineAsync($"Portal {endpoints.Portal}");
        if (isFirst)
        {
            var admin = await File.ReadAllLinesAsync(data.FirstAdminFile);
            var key = (await File.ReadAllTextAsync(data.FirstKeyFile)).Trim();
            await terminal.WriteLineAsync($"Admin {admin[0]} {admin[1]}");
            await terminal.WriteLineAsync($"Key {key}");
            await terminal.WriteLineAsync();
            await terminal.WriteLineAsync(Curl(endpoints, key));
            await terminal.WriteLineAsync();
        }
        else if (File.Exists(data.FirstKeyFile))
        {
            await terminal.WriteLineAsync($"Admin and key of the first start are in {data.FirstAdminFile} and {data.FirstKeyFile}");
        }

        await terminal.WriteLineAsync($"Ready in {elapsed.TotalSeconds:0.0} s");
        await terminal.FlushAsync();
    }

    private static string Curl(Endpoints endpoints, string key) =>
        $$"""
        curl -N {{endpoints.Api}}/v1/chat/completions \
          -H 'Authorization: Bearer {{key}}' \
          -H 'Content-Type: application/json' \
          -d '{"model": "tiny-assistant", "stream": true, "messages": [{"role": "user", "content": "What is the capital of France?"}]}'
        """;

    private static FileStream OnlyOneAt(DataFolder data)
    {
        try
        {
            return new FileStream(data.At("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new OperatorException($"Another Tollgate runs on {data.Root}.", exception);
        }
    }

    /// <summary>Ctrl-C and SIGTERM stop the run in order; a second one is left to the system.</summary>
    private sealed class StopSignals : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly PosixSignalRegistration[] _registrations;

        public StopSignals()
        {
            _registrations =
                [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, Stop))];
        }

        public CancellationToken Token => _stop.Token;

        public void Dispose()
        {
            foreach (var registration in _registrations)
            {
                registration.Dispose();
            }

            _stop.Dispose();
        }

        private void Stop(PosixSignalContext context)
        {
            context.Cancel = !_stop.IsCancellationRequested;
            _stop.Cancel();
        }
    }
}
