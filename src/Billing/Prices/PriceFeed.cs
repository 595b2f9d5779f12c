using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Billing.Prices;

/// <summary>
/// Publishes the price book when any instance changes it. Postgres notifies it; it also reads every 5 s in case a notification is lost.
/// </summary>
internal sealed partial class PriceFeed(
    NpgsqlDataSource dataSource, PriceBook book, SnapshotPublisher<PriceSnapshot> publisher, TimeProvider clock, ILogger<PriceFeed> logger)
    : BackgroundService
{
    private readonly RepeatedCondition _disconnected = new("The price book cannot be read", clock);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Reads the book and publishes it.</summary>
    public async Task PublishAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        publisher.Publish(await book.ReadAsync(connection, cancellationToken));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A connection that breaks fails in many ways, and a feed that dies would take Billing down with it.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (_disconnected.Begins(exception.Message))
                {
                    LogDisconnected(logger, exception.Message);
                }

                await Task.Delay(RetryDelay, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await connection.ExecuteAsync("listen " + PriceBook.Channel, cancellationToken);
        while (true)
        {
            publisher.Publish(await book.ReadAsync(connection, cancellationToken));
            _disconnected.Ends(logger);
            await connection.WaitAsync(Poll, cancellationToken);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The price book cannot be read, the last published one stands: {Reason}")]
    private static partial void LogDisconnected(ILogger logger, string reason);
}
