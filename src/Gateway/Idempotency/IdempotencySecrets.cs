using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Tollgate.Contracts.Idempotency;
using Tollgate.Gateway.Authentication;

namespace Tollgate.Gateway.Idempotency;

/// <summary>
/// Hashes and encryption keys derived from one pepper. The hashes name keys and bodies outside this process, so that a short prompt cannot
/// be guessed from Redis or Postgres; answers are encrypted. Thread-safe.
/// </summary>
internal sealed class IdempotencySecrets(Pepper pepper)
{
    private const byte Version = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly byte[] _names = Derive(pepper, "tollgate/idempotency/keys", []);
    private readonly byte[] _fingerprints = Derive(pepper, "tollgate/idempotency/fingerprints", []);

    /// <summary>Hash of an idempotency key, 32 bytes. The same text under another API key has another one.</summary>
    public byte[] HashKey(Guid keyId, string idempotencyKey) =>
        HMACSHA256.HashData(_names, (byte[])[.. keyId.ToByteArray(bigEndian: true), .. Encoding.ASCII.GetBytes(idempotencyKey)]);

    /// <summary>A body's digest as Redis may hold it.</summary>
    public string Fingerprint(byte[] digest) => Base64Url.EncodeToString(HMACSHA256.HashData(_fingerprints, digest));

    /// <summary>Encrypts an answer: version, pepper's id, nonce, tag, ciphertext.</summary>
    public byte[] Seal(AnswerName name, Guid requestId, ReadOnlySpan<byte> plain)
    {
        var head = 2 + pepper.Id.Length;
        var answer = new byte[head + NonceBytes + TagBytes + plain.Length];
        (answer[0], answer[1]) = (Version, (byte)pepper.Id.Length);
        Encoding.ASCII.GetBytes(pepper.Id, answer.AsSpan(2));
        var nonce = answer.AsSpan(head, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = Cipher(requestId);
        aes.Encrypt(
            nonce, plain, answer.AsSpan(head + NonceBytes + TagBytes), answer.AsSpan(head + NonceBytes, TagBytes), Bound(name, requestId));
        return answer;
    }

    /// <summary>The answer, or null: it was sealed under another pepper, for another name or request, or was changed.</summary>
    public byte[]? Unseal(AnswerName name, Guid requestId, ReadOnlySpan<byte> answer)
    {
        var head = 2 + pepper.Id.Length;
        if (answer.Length < head + NonceBytes + TagBytes || answer[0] != Version || answer[1] != pepper.Id.Length
            || !answer[2..head].SequenceEqual(Encoding.ASCII.GetBytes(pepper.Id)))
        {
            return null;
        }

        var plain = new byte[answer.Length - head - NonceBytes - TagBytes];
        using var aes = Cipher(requestId);
        try
        {
            aes.Decrypt(
                answer.Slice(head, NonceBytes), answer[(head + NonceBytes + TagBytes)..], answer.Slice(head + NonceBytes, TagBytes), plain,
                Bound(name, requestId));
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>A key for each answer, so that random nonces never come near their limit.</summary>
    private AesGcm Cipher(Guid requestId) =>
        new(Derive(pepper, "tollgate/idempotency/answers", requestId.ToByteArray(bigEndian: true)), TagBytes);

    private static byte[] Bound(AnswerName name, Guid requestId) =>
    [
        Version, .. name.OrganizationId.ToByteArray(bigEndian: true), .. name.KeyId.ToByteArray(bigEndian: true), .. name.KeyHash,
        .. requestId.ToByteArray(bigEndian: true),
    ];

    private static byte[] Derive(Pepper pepper, string purpose, byte[] salt) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, pepper.Secret, 32, salt, Encoding.ASCII.GetBytes(purpose));
}
