using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Wallets;

/// <summary>Opens an organization's wallet and gives the welcome credit for its confirmed address.</summary>
internal sealed class WalletOpening(NpgsqlDataSource dataSource, IOptions<WalletOptions> options, WelcomeCredits welcome)
{
    /// <summary>
    /// Opens the wallet, or renames an open one. Repeated calls give at most one credit per address and per organization.
    /// </summary>
    public async Task OpenAsync(Guid organizationId, OpenWallet opening, CancellationToken cancellationToken)
    {
        // The limits of welcome credit count all organizations.
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            "insert into wallets (organization_id, name) values ($1, $2) on conflict (organization_id) do update set name = excluded.name",
            cancellationToken,
            organizationId, opening.Name);
        if (opening.WelcomeCreditFor is { Length: > 0 } email && options.Value.WelcomeCreditUsd > 0)
        {
            await welcome.GiveAsync(connection, Newcomer.Of(organizationId, email, opening.Network), cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }
}
