using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>An authenticator app.</summary>
internal static class Authenticator
{
    /// <summary>The six digits that the app shows, by a second reading of RFC 6238.</summary>
    /// <param name="secret">In base 32.</param>
    /// <param name="later">Steps after the present one.</param>
    public static string CodeOf(string secret, long later)
    {
        var bits = string.Concat(secret.Select(letter => Convert.ToString(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        byte[] key = [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
        var counter = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30) + later);
#pragma warning disable CA5350 // What authenticator apps use.
        var hash = HMACSHA1.HashData(key, counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 0xf)) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }
}
