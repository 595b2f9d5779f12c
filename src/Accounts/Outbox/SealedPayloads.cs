using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Tollgate.Accounts.Outbox;

/// <summary>Seals payloads that contain a mailed link or a password's hash, so that they stay secret if the database is read.</summary>
internal sealed class SealedPayloads(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("outbox");

    /// <summary>Returns a JSON string, as the outbox's column requires.</summary>
    public string Seal<T>(T payload) => JsonSerializer.Serialize(_protector.Protect(JsonSerializer.Serialize(payload)));

    /// <exception cref="System.Security.Cryptography.CryptographicException">The key that sealed the payload is lost.</exception>
    public T Open<T>(string sealedPayload) =>
        JsonSerializer.Deserialize<T>(_protector.Unprotect(JsonSerializer.Deserialize<string>(sealedPayload)!))!;
}
