using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Contracts.Keys;

/// <summary>
/// The text of an API key: <c>sk-tg-&lt;12 public id&gt;-&lt;33 secret&gt;-&lt;6 crc&gt;</c>, base62. The checksum is CRC-32 (IEEE) over
/// everything before its hyphen, so a typing error is refused without a look-up.
/// </summary>
public static class ApiKeyText
{
    public const string Prefix = "sk-tg-";

    /// <summary>In place of <see cref="Prefix"/> in the text of an admin key, which calls <c>/v1/organization</c> and nothing else.
    /// </summary>
    public const string AdminPrefix = "sk-admin-";
    public const int PublicIdLength = 12;

    /// <summary>33 base62 digits carry 196 bits.</summary>
    public const int SecretLength = 33;
    public const int ChecksumLength = 6;

    /// <summary>Everything behind the prefix.</summary>
    private const int TailLength = PublicIdLength + 1 + SecretLength + 1 + ChecksumLength;
    public const int Length = 6 + TailLength;

    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly uint[] CrcTable = MakeCrcTable();

    /// <summary>Creates a key from the system's random numbers.</summary>
    public static (string PublicId, string Secret, string Text) Create(string prefix = Prefix)
    {
        var publicId = RandomNumberGenerator.GetString(Digits, PublicIdLength);
        var (secret, text) = CreateSecret(publicId, prefix);
        return (publicId, secret, text);
    }

    /// <summary>Creates a new secret for a key that keeps its public id.</summary>
    public static (string Secret, string Text) CreateSecret(string publicId, string prefix = Prefix)
    {
        var secret = RandomNumberGenerator.GetString(Digits, SecretLength);
        var head = $"{prefix}{publicId}-{secret}";
        return (secret, $"{head}-{Checksum(head)}");
    }

    /// <summary>Whether a text has the form of a key's public id.</summary>
    public static bool IsPublicId(ReadOnlySpan<char> text) =>
        text.Length == PublicIdLength && !text.ContainsAnyExcept(AllowedCharacters) && !text.Contains('-');

    /// <summary>Splits a key's text. Returns false when its form or checksum is wrong.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out string publicId, out string secret, string prefix = Prefix)
    {
        publicId = secret = "";
        if (text.Length != prefix.Length + TailLength || !text.StartsWith(prefix, StringComparison.Ordinal)
            || text.ContainsAnyExcept(AllowedCharacters))
        {
            return false;
        }

        var secretStart = prefix.Length + PublicIdLength + 1;
        var headLength = secretStart + SecretLength;
        if (text[secretStart - 1] != '-' || text[headLength] != '-'
            || !text[(headLength + 1)..].SequenceEqual(Checksum(text[..headLength])))
        {
            return false;
        }

        publicId = new string(text.Slice(prefix.Length, PublicIdLength));
        secret = new string(text.Slice(secretStart, SecretLength));
        return true;
    }

    /// <summary>HMAC-SHA-256 of a secret under a pepper, 32 bytes.</summary>
    public static byte[] Mac(ReadOnlySpan<byte> pepper, string secret) => HMACSHA256.HashData(pepper, Encoding.ASCII.GetBytes(secret));

    /// <summary>Redacts a key for errors and lists. Never shows a whole key, however short.</summary>
    public static string Redact(ReadOnlySpan<char> text)
    {
        if (text.Length < 16)
        {
            return new string('*', text.Length);
        }

        return $"{text[..8]}{new string('*', Math.Min(text.Length - 12, 32))}{text[^4..]}";
    }

    private static readonly System.Buffers.SearchValues<char> AllowedCharacters = System.Buffers.SearchValues.Create(Digits + "-");

    private static string Checksum(ReadOnlySpan<char> head)
    {
        var crc = uint.MaxValue;
        foreach (var character in head)
        {
            crc = (crc >> 8) ^ CrcTable[(byte)(crc ^ character)];
        }

        crc = ~crc;
        Span<char> digits = stackalloc char[ChecksumLength];
        for (var i = ChecksumLength - 1; i >= 0; i--)
        {
            digits[i] = Digits[(int)(crc % 62)];
            crc /= 62;
        }

        return new string(digits);
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) == 1 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }
}
