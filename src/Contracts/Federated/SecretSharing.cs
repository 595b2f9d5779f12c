using System.Security.Cryptography;

namespace Tollgate.Contracts.Federated;

/// <summary>Shares of a secret, of which a number gives it back and one fewer tells nothing about it.</summary>
/// <remarks>Shamir, How to share a secret (1979), for each byte in the field of 256 elements with the polynomial of AES.</remarks>
public static class SecretSharing
{
    /// <summary>Largest number of a holder.</summary>
    public const int MostHolders = 255;

    /// <summary>Divides a secret.</summary>
    /// <param name="holders">Their numbers, 1 to 255, each once.</param>
    /// <param name="threshold">Shares that give it back.</param>
    /// <returns>A share for each holder, as long as the secret.</returns>
    public static byte[][] Split(ReadOnlySpan<byte> secret, IReadOnlyList<int> holders, int threshold)
    {
        var shares = new byte[holders.Count][];
        for (var i = 0; i < shares.Length; i++)
        {
            shares[i] = new byte[secret.Length];
        }

        var coefficients = new byte[threshold];
        for (var place = 0; place < secret.Length; place++)
        {
            RandomNumberGenerator.Fill(coefficients);
            coefficients[0] = secret[place];
            for (var i = 0; i < shares.Length; i++)
            {
                byte value = 0;
                for (var power = threshold - 1; power >= 0; power--)
                {
                    value = (byte)(Product(value, (byte)holders[i]) ^ coefficients[power]);
                }

                shares[i][place] = value;
            }
        }

        CryptographicOperations.ZeroMemory(coefficients);
        return shares;
    }

    /// <summary>Puts a secret together from as many shares as its threshold, or more.</summary>
    /// <param name="shares">Each holder once.</param>
    public static byte[] Combine(IReadOnlyList<(int Holder, byte[] Share)> shares)
    {
        var secret = new byte[shares[0].Share.Length];
        foreach (var (holder, share) in shares)
        {
            byte weight = 1; // Of Lagrange's polynomial of this holder, at 0.
            foreach (var (other, _) in shares.Where(one => one.Holder != holder))
            {
                weight = Product(weight, Product((byte)other, Inverse((byte)(other ^ holder))));
            }

            for (var i = 0; i < secret.Length; i++)
            {
                secret[i] ^= Product(weight, share[i]);
            }
        }

        return secret;
    }

    /// <summary>Without branches or tables that depend on the values.</summary>
    private static byte Product(byte left, byte right)
    {
        const int Polynomial = 0x1B;
        var (product, factor) = (0, (int)left);
        for (var bit = 0; bit < 8; bit++)
        {
            product ^= factor & -((right >> bit) & 1);
            factor = ((factor << 1) ^ (Polynomial & -(factor >> 7))) & 0xFF;
        }

        return (byte)product;
    }

    /// <summary>value²⁵⁴.</summary>
    private static byte Inverse(byte value)
    {
        byte result = 1;
        var power = value;
        for (var exponent = 254; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) == 1)
            {
                result = Product(result, power);
            }

            power = Product(power, power);
        }

        return result;
    }
}
