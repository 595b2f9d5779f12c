using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Billing.Ledger;
using Tollgate.Billing.Work;
using Tollgate.Contracts.Money;

namespace Tollgate.Billing.Wallets;

/// <summary>Opens an organization's wallet and gives the welcome credit that its confirmed address earns.</summary>
internal sealed partial class WalletOpening(
    NpgsqlDataSource dataSource, IOptions<WalletOptions> options, TimeProvider clock, ILogger<WalletOpening> logger)
{
    /// <summary>Any number of calls open one wallet and give at most one credit: one an address, one an organization.</summary>
    public async Task OpenAsync(Guid organizationId, OpenWallet opening, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            "insert into wallets (organization_id, name) values ($1, $2) on conflict (organization_id) do update set name = excluded.name",
            cancellationToken,
            organizationId, opening.Name);
        if (opening.WelcomeCreditFor is { Length: > 0 } email && options.Value.WelcomeCreditUsd > 0)
        {
            await GiveWelcomeCreditAsync(connection, organizationId, EmailIdentity.Hash(email), cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private async Task GiveWelcomeCreditAsync(
        NpgsqlConnection connection, Guid organizationId, byte[] emailHash, CancellationToken cancellationToken)
    {
        // The operator's cap is over all organizations: one at a time may look at it and add to it.
        await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('tollgate welcome credit'))", cancellationToken);
        var amount = options.Value.WelcomeCreditUsd;
        var known = await connection.ReadValueAsync<bool>(
            "select exists (select from welcome_credits where email_sha256 = $1 or organization_id = $2)", cancellationToken, emailHash,
            organizationId);
        if (known)
        {
            return;
        }

        var given = await connection.ReadValueAsync<decimal>("select coalesce(sum(amount), 0) from welcome_credits", cancellationToken);
        if (given + amount > options.Value.WelcomeCreditTotalUsd)
        {
            LogCapReached(logger, organizationId, given);
            return;
        }

        var now = clock.GetUtcNow();
        var credit = new WalletCredit(
            organizationId, "welcome_credit", "Welcome credit", "promotion", amount, "welcome:" + Convert.ToHexStringLower(emailHash),
            now);
        if (await LedgerPosting.CreditAsync(connection, credit, cancellationToken) is { } booked)
        {
            await connection.ExecuteAsync(
                """
                insert into welcome_credits (email_sha256, organization_id, transaction_id, amount, granted_at)
                values ($1, $2, $3, $4, $5)
                """,
                cancellationToken,
                emailHash, organizationId, booked, amount, now);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Organization {OrganizationId} gets no welcome credit: {Given} dollars are given.")]
    private static partial void LogCapReached(ILogger logger, Guid organizationId, decimal given);
}
