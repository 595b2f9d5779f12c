using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Asks a provider for everything that a sign-in needs, short of a person.</summary>
internal sealed class ProviderTest(ProviderDirectory directory, CodeExchange exchange, PortalAddress address)
{
    /// <summary>Lists what is wrong; empty when nothing is.</summary>
    public async Task<string[]> FindFaultsAsync(IdentityProvider provider, CancellationToken cancellationToken)
    {
        try
        {
            var known = await directory.ReadAsync(provider.Issuer, cancellationToken);
            var fault = await exchange.FindClientFaultAsync(
                provider, known.Metadata, address.CallbackUrl(provider.OrganizationId), cancellationToken);
            return fault is null ? [] : [fault];
        }
        catch (ProviderFaultException exception)
        {
            return exception.Message.Split('\n');
        }
    }
}
