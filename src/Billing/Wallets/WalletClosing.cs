using Npgsql;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Wallets;

/// <summary>
/// Removes names and addresses from the money of a deleted organization. Ledger, usage and balance stay as they are: what is left of the
/// balance is the customer's until the operator has paid it back.
/// </summary>
internal sealed class WalletClosing(NpgsqlDataSource dataSource)
{
    private const string Name = "Deleted organization";

    /// <summary>Closes the organization's wallet, if it has one. The same again changes nothing.</summary>
    public async Task CloseAsync(Guid organizationId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(organizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync("update wallets set name = $2 where organization_id = $1", cancellationToken, organizationId, Name);
        await connection.ExecuteAsync("update checkouts set email = '' where organization_id = $1", cancellationToken, organizationId);
        await connection.ExecuteAsync(
            "delete from welcome_credits_withheld where organization_id = $1", cancellationToken, organizationId);
        await transaction.CommitAsync(cancellationToken);
    }
}
