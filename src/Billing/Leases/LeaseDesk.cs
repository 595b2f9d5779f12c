using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Billing.Ledger;
using Tollgate.Billing.Restores;
using Tollgate.Billing.Work;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Leases;

/// <summary>
/// Leases money from wallets to tills. Holds the wallet's row lock throughout, so each caller sees what earlier callers took. Money of an
/// older epoch moves to a newer one only after its fence is complete.
/// </summary>
internal sealed class LeaseDesk(RestoreWatch restores, FenceReclaim fences, IOptions<LeaseOptions> options, TimeProvider clock)
{
    /// <summary>
    /// Most that one epoch may lease, because a till counts in integers below 2^53. Past this, the till opens another epoch.
    /// </summary>
    private const decimal MostPerEpochUsd = 9_000_000m;

    public async Task<Lease> AskAsync(LeaseRequest request, CancellationToken cancellationToken)
    {
        await using var connection = await restores.OpenAsync(OrganizationScope.Of(request.OrganizationId), cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var wallet = await Wallet.LockAsync(connection, request.OrganizationId, cancellationToken);
        if (wallet is null)
        {
            return new Lease(LeaseOutcome.NoWallet, 0, 0, [], RetryAfterMs);
        }

        if (wallet.Sealed && !await fences.TryReclaimAsync(connection, request.OrganizationId, cancellationToken))
        {
            return new Lease(LeaseOutcome.Frozen, 0, 0, [], RetryAfterMs);
        }

        if (request.Till is { } till && request.Epoch == wallet.Epoch)
        {
            await connection.ExecuteAsync(
                ReportSql, cancellationToken, request.OrganizationId, wallet.Epoch, Dollars.FromNano(till.SpentNanoUsd),
                Dollars.FromNano(till.HeldNanoUsd), clock.GetUtcNow());
        }

        var lease = request.Epoch is null
            ? await OpenEpochAsync(connection, request, wallet.Epoch, cancellationToken)
            : request.Epoch == wallet.Epoch
                ? await GrantAsync(connection, request, cancellationToken)
                : new Lease(LeaseOutcome.EpochClosed, wallet.Epoch, 0, [], 0);
        await transaction.CommitAsync(cancellationToken);
        return lease;
    }

    private int RetryAfterMs => (int)(options.Value.RetryAfter.Ticks / TimeSpan.TicksPerMillisecond);

    /// <summary>
    /// Opens the next epoch. Its number is at least the clock's milliseconds since 1970, so a database restored from a backup cannot reuse
    /// a number that a till holds.
    /// </summary>
    private async Task<Lease> OpenEpochAsync(NpgsqlConnection connection, LeaseRequest request, long last,
        CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var epoch = Math.Max(last + 1, now.ToUnixTimeMilliseconds());
        await connection.ExecuteAsync(
            """
            with opened as (insert into lease_epochs (organization_id, epoch, seeded_at) values ($1, $2, $3))
            update wallets w set epoch = $2,
              fence_epoch = case when exists (select from lease_epochs e where e.organization_id = $1 and e.closed_at is null) then $2 end
            where w.organization_id = $1
            """,
            cancellationToken,
            request.OrganizationId, epoch, now);
        var lease = await GrantAsync(connection, request, cancellationToken);
        var budgets = await connection.ReadRowsAsync(
            SeedsSql, row => new BudgetSeed(row.GetString(0), row.GetString(1), row.GetInt64(2)), cancellationToken,
            request.OrganizationId, now, epoch);
        var buckets = await connection.ReadRowsAsync(
            BucketsSql, row => new BucketSeed(row.GetString(0), row.GetInt64(1), row.GetInt64(2)), cancellationToken,
            request.OrganizationId, now);
        return lease with { Budgets = budgets, Buckets = buckets };
    }

    private async Task<Lease> GrantAsync(NpgsqlConnection connection, LeaseRequest request, CancellationToken cancellationToken)
    {
        var wallet = (await Wallet.LockAsync(connection, request.OrganizationId, cancellationToken))!;
        if (Dollars.ToNanoDown(wallet.Available) < request.NeedNanoUsd && wallet.Fenced
            && await fences.TryReclaimAsync(connection, request.OrganizationId, cancellationToken))
        {
            wallet = (await Wallet.LockAsync(connection, request.OrganizationId, cancellationToken))!;
        }

        // Leases the rest even if it is less than needed: only together with the till's own money can it still be spent.
        var amount = Dollars.FromNano(Dollars.ToNanoDown(Math.Clamp(Wanted(request), 0, Math.Min(wallet.Available, MostPerEpochUsd))));
        if (wallet.EpochGranted + amount > MostPerEpochUsd)
        {
            return new Lease(LeaseOutcome.EpochClosed, wallet.Epoch, 0, [], 0);
        }

        if (amount > 0)
        {
            await TakeAsync(connection, request.OrganizationId, wallet.Epoch, amount, cancellationToken);
        }

        var need = Math.Max(Dollars.FromNano(request.NeedNanoUsd), Dollars.FromNano(1));
        var outcome = amount >= need ? LeaseOutcome.Granted
            : amount + wallet.HeldByOlderEpochs >= need ? LeaseOutcome.Frozen
            : LeaseOutcome.Exhausted;
        return new Lease(
            outcome, wallet.Epoch, Dollars.ToNanoDown(wallet.EpochGranted + amount), [],
            outcome == LeaseOutcome.Frozen ? RetryAfterMs : 0);
    }

    private decimal Wanted(LeaseRequest request) => Math.Max(
        Math.Max(Dollars.FromNano(request.NeedNanoUsd), options.Value.SmallestUsd),
        Dollars.FromNano(request.SpendPerMinuteNanoUsd) * options.Value.Covers.Ticks / TimeSpan.TicksPerMinute);

    private async Task TakeAsync(NpgsqlConnection connection, Guid organizationId, long epoch, decimal amount,
        CancellationToken cancellationToken) =>
        await connection.ExecuteAsync(
            """
            with granted as (insert into leases (id, organization_id, epoch, amount) values ($1, $2, $3, $4)),
            opened as (update lease_epochs set granted = granted + $4 where organization_id = $2 and epoch = $3)
            update wallets set leased = leased + $4 where organization_id = $2
            """,
            cancellationToken,
            Guid.CreateVersion7(clock.GetUtcNow()), organizationId, epoch, amount);

    private static readonly string SeedsSql = EmbeddedSql.Read("Leases.BudgetSeeds.sql");
    private static readonly string BucketsSql = EmbeddedSql.Read("Leases.BucketSeeds.sql");
    private static readonly string ReportSql = EmbeddedSql.Read("Leases.ReportTill.sql");
}
