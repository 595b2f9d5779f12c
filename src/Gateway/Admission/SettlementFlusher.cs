using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Gateway.Accounting;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Admission;

/// <summary>
/// Settles what found no admission to ride on, 5 ms after it began to wait. While Redis is away
/// everything keeps waiting.
/// </summary>
internal sealed partial class SettlementFlusher(
    AdmissionScript script, Settlements settlements, TimeProvider clock, ILogger<SettlementFlusher> logger) : BackgroundService
{
    private readonly RepeatedCondition _waits = new("Settlements wait for Redis", clock);
    /// <summary>How long a settlement waits for an admission of its organization to ride on.</summary>
    internal static readonly TimeSpan RideTime = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(5);

    /// <summary>Settles everything that waits, until nothing does.</summary>
    /// <exception cref="RedisUnavailableException">Redis is away; what was not settled waits again.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        foreach (var organizationId in settlements.OrganizationsWaiting())
        {
            while (await script.SettleAsync(organizationId, cancellationToken))
            {
            }
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var drain = new CancellationTokenSource(LongestDrain, clock);
        await TryFlushAsync(drain.Token);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await settlements.WaitForWorkAsync(stoppingToken);
                await Task.Delay(RideTime, clock, stoppingToken);
                while (!await TryFlushAsync(CancellationToken.None))
                {
                    await Task.Delay(RetryDelay, clock, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return; // What still waits is flushed by StopAsync.
        }
    }

    private async Task<bool> TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
            _waits.Ends(logger);
            return true;
        }
#pragma warning disable CA1031 // A flusher that dies would take the gateway down; what was not settled waits and is tried again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (_waits.Begins(exception.Message))
            {
                Log.NotSettled(logger, exception.Message);
            }

            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Settlements wait for Redis: {Reason}")]
        public static partial void NotSettled(ILogger logger, string reason);
    }
}
