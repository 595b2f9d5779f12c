using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Keys;

namespace Tollgate.Accounts.Departures;

/// <summary>Signs receipts under a key derived from the current pepper: the installation can check one, nobody else. Thread-safe.</summary>
internal sealed class ReceiptSeal
{
    private readonly string _id;
    private readonly byte[] _key;

    public ReceiptSeal(IOptions<KeyOptions> options)
    {
        (_id, var pepper) = KeyPeppers.Read(options.Value)[0];
        _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, pepper, 32, salt: [], Encoding.ASCII.GetBytes("tollgate/accounts/receipts"));
    }

    /// <summary>HMAC-SHA-256 of a text, and the id of the pepper.</summary>
    public (string Key, byte[] Mac) Sign(string text) => (_id, HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text)));
}
