using System.CommandLine;
using System.Runtime.InteropServices;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Data;
using Tollgate.Cli.Prices;
using Tollgate.Inference.Import;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.AllInOne.Up;

/// <summary><c>tollgate up</c>: runs a whole installation until Ctrl-C or SIGTERM.</summary>
internal static class UpCommand
{
    private const string FirstModel = "tiny-assistant";
    private static readonly Option<int> ApiPort =
        Numbers.WithDefault("--api-port", "Port of the API; 0 takes a free one.", 0, 65_535, 8080);
    private static readonly Option<int> PortalPort =
        Numbers.WithDefault("--portal-port", "Port of the portal; 0 takes a free one.", 0, 65_535, 8081);
    private static readonly Option<string> AdminEmail =
        EmailOption.Create("--admin-email", "Address of the operator's account, which the first start makes.");

    public static Command Create() =>
        new Command("up", "Starts everything: API, portal, worker, Postgres, Redis.") { ApiPort, PortalPort, AdminEmail }.Does(RunAsync);

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var data = DataFolder.Of(parsed);
        var started = TimeProvider.System.GetTimestamp();
        var settings = OperatorSettings.Read();
        data.Prepare();
        var asRoot = await ServiceUser.BecomeAsync(data, cancellationToken);
        using var only = OnlyOneAt(data);
        using var signals = new StopSignals();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, signals.Token);
        var ports = Ports.Choose(parsed.GetValue(ApiPort), parsed.GetValue(PortalPort));
        using var logs = new LogFiles(data, TimeProvider.System);
        await using var terminal = logs.Begin();
        if (asRoot is not null)
        {
            await terminal.WriteLineAsync($"  {asRoot}");
        }

        try
        {
            await using var installation = await Installation.StartAsync(
                data, ports, settings, asRoot is not null, line => terminal.WriteLine($"  {line} …"), logs.Write, stop.Token);
            var endpoints = Endpoints.Read(data)!;
            try
            {
                await PendingPrices.SendAsync(data, stop.Token);
                var isFirst = await FirstStart.BootstrapAsync(data, endpoints, parsed.GetRequiredValue(AdminEmail), stop.Token);
                if (File.Exists(data.FirstKeyFile))
                {
                    terminal.WriteLine("  waiting for the default models …");
                    await WaitForModelsAsync(
                        terminal, endpoints, settings, (await File.ReadAllTextAsync(data.FirstKeyFile, stop.Token)).Trim(), stop.Token);
                }

                await ShowAsync(terminal, data, endpoints, settings, isFirst);
                await terminal.WriteLineAsync($"Log {logs.File}");
                await terminal.WriteLineAsync($"Ready in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s");
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                await SayWhatDrainsAsync(terminal, endpoints);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            logs.Write("stopped before everything had started");
        }
        catch (Exception exception) when (exception is not OperatorException and not MissingServerException)
        {
            logs.Write($"the start failed: {exception}");
            throw new OperatorException(
                $"{SettingsError.Explain(exception) ?? exception.Message.ReplaceLineEndings(" ")} The log has more: {logs.File}",
                exception);
        }

        File.Delete(data.EndpointsFile);
        await terminal.WriteLineAsync("Stopped.");
        return 0;
    }

    private static async Task SayWhatDrainsAsync(TextWriter terminal, Endpoints endpoints)
    {
        var running = await Installation.CountRunningAsync(endpoints, CancellationToken.None);
        await terminal.WriteLineAsync(running switch
        {
            null => "  stopping …",
            0 => "  stopping; no stream runs …",
            1 => "  draining 1 stream …",
            _ => $"  draining {running} streams …",
        });
    }

    private static async Task WaitForModelsAsync(
        TextWriter terminal, Endpoints endpoints, OperatorSettings settings, string key, CancellationToken cancellationToken)
    {
        try
        {
            await FirstStart.WaitForModelsAsync(
                endpoints, key, FirstModel, DefaultCatalogue.Names(ServiceArguments.DefaultModels(settings)), cancellationToken);
        }
        catch (OperatorException exception)
        {
            // Continues: the operator may have revoked the key or hidden the model.
            await terminal.WriteLineAsync($"  {exception.Message}");
        }
    }

    private static async Task ShowAsync(TextWriter terminal, DataFolder data, Endpoints endpoints, OperatorSettings settings, bool isFirst)
    {
        await terminal.WriteLineAsync();
        await terminal.WriteLineAsync($"API {endpoints.Api}/v1{InPublic(settings["Portal:ApiBaseUrl"])}");
        await terminal.WriteLineAsync($"Portal {endpoints.Portal}{InPublic(settings["Portal:PublicUrl"])}");
        if (endpoints.Mail is not null)
        {
            await terminal.WriteLineAsync($"Mail {endpoints.Mail}");
        }

        if (endpoints.Stripe is null && settings["Stripe:ApiKey"] is null)
        {
            await terminal.WriteLineAsync(
                "Payments are off: set TOLLGATE__Stripe__ApiKey_FILE and TOLLGATE__Stripe__WebhookSecret_FILE to take money.");
        }

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
    }

    private static string InPublic(string? address) => address is null ? "" : $" (for customers {address})";

    private static string Curl(Endpoints endpoints, string key) =>
        $$"""
        curl -N {{endpoints.Api}}/v1/chat/completions \
          -H 'Authorization: Bearer {{key}}' \
          -H 'Content-Type: application/json' \
          -d '{"model": "tiny-assistant", "stream": true, "messages": [{"role": "user", "content": "What is the capital of France?"}]}'
        """;

    private static FileStream OnlyOneAt(DataFolder data) =>
        FileLock.TryTake(data.At("lock")) ?? throw new OperatorException($"Another Tollgate runs on {data.Root}.");

    /// <summary>Ctrl-C and SIGTERM stop the run cleanly; the system handles a second one.</summary>
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
