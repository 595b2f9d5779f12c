using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Accounts.SecondFactor;

/// <summary>Codes of authenticator apps: six digits, SHA-1, steps of 30 seconds, which are what every app understands.</summary>
/// <remarks>RFC 4226 and RFC 6238.</remarks>
internal static class Totp
{
    public const int Digits = 6;

    /// <summary>Length of a secret, bytes.</summary>
    public const int SecretLength = 20;

    private const int SecondsPerStep = 30;
    private const string Base32Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>Steps since 1970 at an instant.</summary>
    public static long StepAt(DateTimeOffset at) => at.ToUnixTimeSeconds() / SecondsPerStep;

    public static string CodeOf(ReadOnlySpan<byte> secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // Authenticator apps know no other hash; HMAC does not rest on collisions.
        HMACSHA1.HashData(secret, counter, hash);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[^1] & 0xf)..]) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>Finds the step whose code it is, among the present one and one on each side; null for another code.</summary>
    public static long? FindStep(ReadOnlySpan<byte> secret, string code, DateTimeOffset now)
    {
        var given = Encoding.UTF8.GetBytes(code);
        long? found = null;
        for (var step = StepAt(now) - 1; step <= StepAt(now) + 1; step++)
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(CodeOf(secret, step)), given))
            {
                found = step;
            }
        }

        return found;
    }

    /// <summary>Writes bytes in base 32 without padding, as apps take a secret by hand.</summary>
    public static string ToBase32(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder((bytes.Length * 8 + 4) / 5);
        var (bits, count) = (0, 0);
        foreach (var one in bytes)
        {
            (bits, count) = ((bits << 8) | one, count + 8);
            for (; count >= 5; count -= 5)
            {
                text.Append(Base32Letters[(bits >> (count - 5)) & 31]);
            }

            bits &= (1 << count) - 1;
        }

        return count > 0 ? text.Append(Base32Letters[(bits << (5 - count)) & 31]).ToString() : text.ToString();
    }

    /// <summary>The address that an app reads from the picture.</summary>
    public static string AddressOf(string email, ReadOnlySpan<byte> secret) =>
        $"otpauth://totp/Tollgate:{Uri.EscapeDataString(email)}?secret={ToBase32(secret)}&issuer=Tollgate&algorithm=SHA1&digits={Digits}"
        + $"&period={SecondsPerStep}";
}
