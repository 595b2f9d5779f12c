using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;
using Tollgate.Contracts.Json;

namespace Tollgate.Accounts.Money;

/// <summary>
/// Asks Billing to open the wallet of a new organization, or to rename it. Sends the name that the organization has by now, so messages
/// that arrive in another order leave the last name.
/// </summary>
internal sealed class WalletOpeningReceiver(BillingClient billing, AccountsDb db) : IOutboxReceiver
{
    /// <exception cref="HttpRequestException">Billing has not accepted the order.</exception>
    public async Task<bool> TakeAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        var wallet = JsonSerializer.Deserialize(message.Payload!, ContractsJson.Default.OpenWallet)!;
        var name = await db.Organizations.Where(one => one.Id == message.SubjectId).Select(one => one.Name)
            .SingleOrDefaultAsync(cancellationToken);
        await billing.OpenWalletAsync(message.SubjectId, wallet with { Name = name ?? wallet.Name }, cancellationToken);
        return true;
    }
}
