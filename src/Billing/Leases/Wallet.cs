using Npgsql;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Leases;

/// <summary>A wallet's money, read under its row lock.</summary>
/// <param name="Available">US dollars that may still be leased: balance + credit limit − leased.</param>
/// <param name="Leased">US dollars leased and neither billed nor returned, over all epochs.</param>
/// <param name="Epoch">The newest epoch; 0 before the first.</param>
/// <param name="EpochGranted">All US dollars leased in that epoch.</param>
/// <param name="EpochOpen">The part of <paramref name="EpochGranted"/> that is neither billed nor returned.</param>
/// <param name="Fenced">Whether an older epoch is still open.</param>
/// <param name="Sealed">Whether a restore was noticed: no money is leased until the fence is complete.</param>
internal sealed record Wallet(
    decimal Available, decimal Leased, long Epoch, decimal EpochGranted, decimal EpochOpen, bool Fenced, bool Sealed)
{
    /// <summary>US dollars that older epochs still hold.</summary>
    public decimal HeldByOlderEpochs => Leased - EpochOpen;

    /// <summary>Locks the row until the transaction ends. Returns null when there is no such wallet.</summary>
    public static async Task<Wallet?> LockAsync(NpgsqlConnection connection, Guid organizationId, CancellationToken cancellationToken)
    {
        // Locks in a separate statement, so that the next one sees what the previous lock holder committed to the epochs.
        await connection.ExecuteAsync("select from wallets where organization_id = $1 for update", cancellationToken, organizationId);
        var wallets = await connection.ReadRowsAsync(
            """
            select w.balance + w.credit_limit - w.leased, w.leased, w.epoch, coalesce(e.granted, 0),
              coalesce(e.granted - e.billed - e.returned, 0), w.fence_epoch is not null, w.sealed_at is not null
            from wallets w left join lease_epochs e on e.organization_id = w.organization_id and e.epoch = w.epoch
            where w.organization_id = $1
            """,
            row => new Wallet(
                row.GetDecimal(0), row.GetDecimal(1), row.GetInt64(2), row.GetDecimal(3), row.GetDecimal(4), row.GetBoolean(5),
                row.GetBoolean(6)),
            cancellationToken,
            organizationId);
        return wallets is [var wallet] ? wallet : null;
    }
}
