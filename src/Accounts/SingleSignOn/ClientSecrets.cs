using Microsoft.AspNetCore.DataProtection;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Seals client secrets, so that they stay secret if the database is read.</summary>
internal sealed class ClientSecrets(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("identity provider's client secret");

    public string Seal(string secret) => _protector.Protect(secret);

    /// <exception cref="System.Security.Cryptography.CryptographicException">The key that sealed the secret is lost.</exception>
    public string Open(string sealedSecret) => _protector.Unprotect(sealedSecret);
}
