using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Contracts.Federated;

/// <summary>A key pair on P-256 by which two sides agree on a key that nobody else knows.</summary>
public sealed class AgreementKey : IDisposable
{
    /// <summary>Bytes of a public point: 4, then both coordinates.</summary>
    public const int PointBytes = 65;

    /// <summary>Bytes of the private number.</summary>
    public const int ScalarBytes = 32;

    private const byte Uncompressed = 4;

    private readonly ECDiffieHellman _key;

    private AgreementKey(ECDiffieHellman key)
    {
        _key = key;
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        Point = [Uncompressed, .. point.X!, .. point.Y!];
    }

    /// <summary>The public half.</summary>
    public byte[] Point { get; }

    /// <summary>A new pair.</summary>
    public static AgreementKey Create() => new(ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>The pair of a private number.</summary>
    /// <exception cref="CryptographicException">It is no private number of the curve.</exception>
    public static AgreementKey Of(byte[] scalar) =>
        new(ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar }));

    /// <summary>Whether bytes are a point of the curve.</summary>
    public static bool IsPoint(ReadOnlySpan<byte> point)
    {
        try
        {
            Import(point).Dispose();
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>The private half.</summary>
    public byte[] ExportScalar() => _key.ExportParameters(includePrivateParameters: true).D!;

    /// <summary>The key that both sides get for a purpose.</summary>
    /// <param name="point">The other side's public half.</param>
    /// <returns><see cref="MaskStream.KeyBytes"/> bytes.</returns>
    /// <exception cref="CryptographicException">The point is none of the curve.</exception>
    public byte[] Agree(ReadOnlySpan<byte> point, string purpose)
    {
        using var other = Import(point);
        using var publicKey = other.PublicKey;
        var secret = _key.DeriveRawSecretAgreement(publicKey);
        try
        {
            return HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, MaskStream.KeyBytes, info: Encoding.UTF8.GetBytes(purpose));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    public void Dispose() => _key.Dispose();

    private static ECDiffieHellman Import(ReadOnlySpan<byte> point)
    {
        const int Coordinate = (PointBytes - 1) / 2;
        return point.Length != PointBytes || point[0] != Uncompressed
            ? throw new CryptographicException("The bytes are no uncompressed point of P-256.")
            : ECDiffieHellman.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = point[1..(1 + Coordinate)].ToArray(), Y = point[(1 + Coordinate)..].ToArray() },
            });
    }
}
