using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Sealing;

/// <summary>
/// Wraps the keys of single contents, and signs receipts, under keys derived from the installation's master keys. Thread-safe.
/// </summary>
internal sealed class MasterKeys
{
    private const byte Version = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly IReadOnlyList<MasterKey> _keys;

    public MasterKeys(IOptions<SealingOptions> options) => _keys =
    [
        .. options.Value.MasterKeys.Split((char[])[' ', '\t', '\r', '\n', ','], StringSplitOptions.RemoveEmptyEntries)
            .Select(text => text.Split(':')).Select(parts => new MasterKey(
                parts[0], Derive(parts[1], "tollgate/learning/contents"), Derive(parts[1], "tollgate/learning/receipts"))),
    ];

    /// <summary>Encrypts the key of one content: version, length and text of the master key's id, nonce, tag, ciphertext.</summary>
    /// <param name="blob">The content; the wrapped key opens no other one.</param>
    public byte[] Wrap(ReadOnlySpan<byte> key, Guid blob)
    {
        var head = 2 + _keys[0].Id.Length;
        var wrapped = new byte[head + NonceBytes + TagBytes + key.Length];
        (wrapped[0], wrapped[1]) = (Version, (byte)_keys[0].Id.Length);
        Encoding.ASCII.GetBytes(_keys[0].Id, wrapped.AsSpan(2));
        var nonce = wrapped.AsSpan(head, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_keys[0].Wrapping, TagBytes);
        aes.Encrypt(
            nonce, key, wrapped.AsSpan(head + NonceBytes + TagBytes), wrapped.AsSpan(head + NonceBytes, TagBytes), Bound(wrapped, blob));
        return wrapped;
    }

    /// <summary>Decrypts what <see cref="Wrap"/> made.</summary>
    /// <exception cref="CryptographicException">The master key is not configured, the bytes were changed, or they are of another
    /// content.</exception>
    public byte[] Unwrap(ReadOnlySpan<byte> wrapped, Guid blob)
    {
        if (wrapped.Length < 2 || wrapped[0] != Version || wrapped.Length <= 2 + wrapped[1] + NonceBytes + TagBytes)
        {
            throw new CryptographicException("A wrapped key is damaged.");
        }

        var head = 2 + wrapped[1];
        var id = Encoding.ASCII.GetString(wrapped[2..head]);
        var master = _keys.FirstOrDefault(key => key.Id == id)
            ?? throw new CryptographicException($"A file is sealed under master key {id}, which is not configured.");
        var key = new byte[wrapped.Length - head - NonceBytes - TagBytes];
        using var aes = new AesGcm(master.Wrapping, TagBytes);
        aes.Decrypt(
            wrapped.Slice(head, NonceBytes), wrapped[(head + NonceBytes + TagBytes)..], wrapped.Slice(head + NonceBytes, TagBytes), key,
            Bound(wrapped, blob));
        return key;
    }

    /// <summary>HMAC-SHA-256 of a text under the current master key, and the key's id.</summary>
    public (string KeyId, byte[] Mac) Sign(string text) =>
        (_keys[0].Id, HMACSHA256.HashData(_keys[0].Signing, Encoding.UTF8.GetBytes(text)));

    private static byte[] Bound(ReadOnlySpan<byte> wrapped, Guid blob) =>
        [.. wrapped[..(2 + wrapped[1])], .. blob.ToByteArray(bigEndian: true)];

    private static byte[] Derive(string hex, string purpose) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Convert.FromHexString(hex), 32, salt: [], Encoding.ASCII.GetBytes(purpose));

    private sealed record MasterKey(string Id, byte[] Wrapping, byte[] Signing);
}
