using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Tollgate.Accounts.Outbox;

/// <summary>Seals payloads that hold a mailed link or a password's hash, so that a reader of the database gets neither.</summary>
internal sealed class SealedPayloads(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("outbox");

    /// <summary>A JSON string, which is what the outbox' column takes.</summary>
    public string Seal<T>(T payload) => JsonSerializer.Serialize(_protector.Protect(JsonSerializer.Serialize(payload)));

    /// <exception cref="System.Security.Cryptography.CryptographicException">It was sealed under a key that is lost.</exception>
    public T Open<T>(string sealedPayload) =>
        JsonSerializer.Deserialize<T>(_protector.Unprotect(JsonSerializer.Deserialize<string>(sealedPayload)!))!;
}
