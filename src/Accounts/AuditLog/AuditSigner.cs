using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Keys;

namespace Tollgate.Accounts.AuditLog;

/// <summary>
/// Signs statements about chains under a key derived from the current pepper, which lies in a file: who only has the database can sign
/// nothing. Signatures under older peppers stay valid while those are configured.
/// </summary>
internal sealed class AuditSigner(IOptions<KeyOptions> options)
{
    private readonly IReadOnlyList<(string Id, byte[] Key)> _keys =
        [.. KeyPeppers.Read(options.Value).Select(pepper => (pepper.Id, HKDF.DeriveKey(
            HashAlgorithmName.SHA256, pepper.Pepper, 32, info: "tollgate/accounts/audit"u8.ToArray())))];

    /// <summary>Signs that an entry was the head of a chain at an instant.</summary>
    public (string Pepper, byte[] Signature) SignHead(Guid chainId, long number, byte[] hash, DateTimeOffset at) =>
        (_keys[0].Id, Mac(_keys[0].Key, Head(chainId, number, hash, at)));

    public bool IsHead(string pepper, byte[] signature, Guid chainId, long number, byte[] hash, DateTimeOffset at) =>
        Is(pepper, signature, Head(chainId, number, hash, at));

    /// <summary>Signs that retention deleted a range of a chain.</summary>
    public PurgedRange SignPurge(Guid chainId, long first, long last, string hash) => new(
        first, last, last - first + 1, hash, _keys[0].Id,
        Convert.ToHexStringLower(Mac(_keys[0].Key, Purge(chainId, first, last, hash))));

    public bool IsPurge(PurgedRange purge, Guid chainId) => purge.Count == purge.Last - purge.First + 1
        && purge.Signature.All(char.IsAsciiHexDigit) && purge.Signature.Length % 2 == 0
        && Is(purge.Pepper, Convert.FromHexString(purge.Signature), Purge(chainId, purge.First, purge.Last, purge.Hash));

    private bool Is(string pepper, byte[] signature, string text) => _keys.FirstOrDefault(known => known.Id == pepper).Key is { } key
        && CryptographicOperations.FixedTimeEquals(Mac(key, text), signature);

    private static string Head(Guid chainId, long number, byte[] hash, DateTimeOffset at) => string.Create(
        CultureInfo.InvariantCulture,
        $"head {chainId} {number} {Convert.ToHexStringLower(hash)} {at.UtcTicks / TimeSpan.TicksPerMicrosecond}");

    private static string Purge(Guid chainId, long first, long last, string hash) =>
        string.Create(CultureInfo.InvariantCulture, $"purge {chainId} {first} {last} {hash}");

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
}

/// <summary>A range of a chain that retention deleted, as the entry <c>audit.purge</c> states it.</summary>
/// <param name="Hash">Hash of the last deleted entry, hex, which the oldest kept one follows.</param>
/// <param name="Signature">HMAC-SHA-256, hex.</param>
internal sealed record PurgedRange(long First, long Last, long Count, string Hash, string Pepper, string Signature);
