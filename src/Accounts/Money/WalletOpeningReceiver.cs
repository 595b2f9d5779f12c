using System.Text.Json;
using Tollgate.Accounts.Outbox;
using Tollgate.Contracts.Json;

namespace Tollgate.Accounts.Money;

/// <summary>Asks Billing to open the wallet of a new organization.</summary>
internal sealed class WalletOpeningReceiver(BillingClient billing) : IOutboxReceiver
{
    /// <exception cref="HttpRequestException">Billing has not accepted the order.</exception>
    public async Task<bool> TakeAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        var wallet = JsonSerializer.Deserialize(message.Payload!, ContractsJson.Default.OpenWallet)!;
        await billing.OpenWalletAsync(message.SubjectId, wallet, cancellationToken);
        return true;
    }
}
