using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Serving;
using Tollgate.Inference.Witness;

namespace Tollgate.Inference.Registration;

/// <summary>
/// Tells Accounts every two seconds, and at once when it begins to drain, that this worker is there and how busy it is; and at the end of
/// a stop in order, once Billing has read its log or does not come, that it left. Accounts may be away: whoever knows the worker keeps it.
/// </summary>
internal sealed partial class WorkerRegistration(
    OwnAddress address, StatusReport report, Draining draining, WitnessLog witness, LogReader reader, IHttpClientFactory clients,
    IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<WorkerRegistration> logger)
    : BackgroundService, IHostedLifecycleService
{
    /// <summary>Name of the client that shows this worker's bearer to Accounts.</summary>
    public const string Client = "accounts";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(250); // Until somebody knows it, nobody sends it anything, or reads its log's end.
    private static readonly TimeSpan HandOverTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);
    private const int FirstPatience = 40; // 10 s: Accounts may start after its workers.
    private volatile Standing _standing;
    private int _firstFailures;

    private enum Standing
    {
        Unknown,
        Registered,
        Unheard,
        Refused,
    }

    /// <summary>Called once everything that ran has ended, while the listeners are still up. Accounts may just be coming back.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (_standing is Standing.Registered or Standing.Unheard && reader.IsBehind && clock.GetElapsedTime(started) < HandOverTime)
        {
            await Task.Delay(LookInterval, clock, cancellationToken);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        var status = report.Current();
        try
        {
            using var http = clients.CreateClient(Client);
            using var response = await http.PostAsJsonAsync(
                $"/internal/workers/{Uri.EscapeDataString(status.WorkerId)}/leave",
                new WorkerLeaving(status.StartedAt, new WorkerLogEnd(witness.LogId, witness.End)),
                ContractsJson.Default.WorkerLeaving, cancellationToken);
            response.EnsureSuccessStatusCode();
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            Log.LeftUnheard(logger, exception.Message);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The listeners, and with them the address, are up only then.
        await Task.Delay(Timeout.InfiniteTimeSpan, clock, lifetime.ApplicationStarted).WaitAsync(stoppingToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stoppingToken.IsCancellationRequested)
        {
            var begun = draining.Begun;
            await BeatAsync(stoppingToken);
            using var wake = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, begun ? default : draining.Beginning);
            var isAwaited = _standing == Standing.Unknown || (_standing == Standing.Unheard && begun);
            await Task.Delay(isAwaited ? FirstInterval : Interval, clock, wake.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var http = clients.CreateClient(Client);
            using var response = await http.PostAsJsonAsync(
                "/internal/workers", new WorkerHeartbeat(address.Read(), report.Current()), ContractsJson.Default.WorkerHeartbeat,
                cancellationToken);
            if (response.StatusCode == HttpStatusCode.Conflict)
            {
                if (_standing != Standing.Refused)
                {
                    Log.NameTaken(logger, report.Current().WorkerId);
                }

                _standing = Standing.Refused;
                return;
            }

            response.EnsureSuccessStatusCode();
            if (_standing != Standing.Registered)
            {
                Log.Registered(logger, report.Current().WorkerId, address.Read());
            }

            _standing = Standing.Registered;
        }
        catch (Exception exception) when (exception is HttpRequestException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            if (_standing is Standing.Registered or Standing.Refused || (_standing == Standing.Unknown && ++_firstFailures == FirstPatience))
            {
                Log.Unheard(logger, exception.Message);
                _standing = Standing.Unheard;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Registered as {WorkerId} at {Address}.")]
        public static partial void Registered(ILogger logger, string workerId, string address);

        [LoggerMessage(2, LogLevel.Warning, "Accounts does not take heartbeats; those who know this worker keep it. {Reason}")]
        public static partial void Unheard(ILogger logger, string reason);

        [LoggerMessage(3, LogLevel.Error, "Another worker goes by the name {WorkerId}: give each its own Worker:Id.")]
        public static partial void NameTaken(ILogger logger, string workerId);

        [LoggerMessage(4, LogLevel.Information, "Accounts was not told that this worker left: {Reason}")]
        public static partial void LeftUnheard(ILogger logger, string reason);
    }
}
