using Npgsql;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>Looks at all wallets again and again while the load runs.</summary>
internal sealed class WalletWatch(TollgateCluster cluster, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public int Looks { get; private set; }

    /// <summary>Least that any wallet ever had, and had left to lease; US dollars.</summary>
    public decimal Least { get; private set; } = decimal.MaxValue;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = new NpgsqlConnection(cluster.PostgresConnection);
                await connection.OpenAsync(stop);
                await using var command = new NpgsqlCommand(
                    "select min(least(balance, balance + credit_limit - leased)) from billing.wallets", connection);
                Least = Math.Min(Least, await command.ExecuteScalarAsync(stop) is decimal least ? least : Least);
                Looks++;
            }
            catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException)
            {
                Missed++; // Postgres is down just now, or the load is over.
            }

            await Task.Delay(Pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Looks that Postgres did not answer.</summary>
    public int Missed { get; private set; }
}
