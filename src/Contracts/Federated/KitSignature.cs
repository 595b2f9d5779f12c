using System.Security.Cryptography;

namespace Tollgate.Contracts.Federated;

/// <summary>
/// The signed list of a kit's files, in forms that common tools read: <c>SHA256SUMS</c> of
/// <c>sha256sum</c>, its signature of ECDSA on P-256
/// in DER, and the public key in PEM, which proves nothing before its hash is compared with the one that the installation states.
/// </summary>
public static class KitSignature
{
    public const string SumsName = "SHA256SUMS";
    public const string SignatureName = "SHA256SUMS.sig";
    public const string KeyName = "kit-key.pem";

    /// <summary>Signs all files of a folder and those below.</summary>
    public static void Sign(string folder, ECDsa key)
    {
        var sums = Sums(folder);
        File.WriteAllBytes(Path.Combine(folder, SumsName), sums);
        File.WriteAllBytes(
            Path.Combine(folder, SignatureName),
            key.SignData(sums, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        File.WriteAllText(Path.Combine(folder, KeyName), key.ExportSubjectPublicKeyInfoPem() + "\n");
    }

    /// <summary>SHA-256 of a public key, 64 hex digits, for people to compare.</summary>
    public static string Fingerprint(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    /// <summary>Checks a folder.</summary>
    /// <param name="fingerprint">That the installation states for its key.</param>
    /// <returns>What is wrong, a sentence; null when nothing is.</returns>
    public static string? Refuse(string folder, string fingerprint)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(Path.Combine(folder, KeyName)));
            if (Fingerprint(key) != fingerprint)
            {
                return $"The kit names a key with the SHA-256 {Fingerprint(key)}, not {fingerprint}.";
            }

            var sums = File.ReadAllBytes(Path.Combine(folder, SumsName));
            if (!key.VerifyData(
                sums, File.ReadAllBytes(Path.Combine(folder, SignatureName)), HashAlgorithmName.SHA256,
                DSASignatureFormat.Rfc3279DerSequence))
            {
                return $"The signature of {SumsName} is not of the installation's key.";
            }

            return sums.AsSpan().SequenceEqual(Sums(folder))
                ? null : $"The files are not those of {SumsName}: one was changed, added or removed.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException
            or CryptographicException)
        {
            return $"The kit cannot be checked: {exception.Message}";
        }
    }

    private static byte[] Sums(string folder) => System.Text.Encoding.UTF8.GetBytes(string.Concat(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path))
            .Where(path => path is not (SumsName or SignatureName or KeyName))
            .Order(StringComparer.Ordinal)
            .Select(path => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, path))))}  {path}\n")));
}
