using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Cli.Downloads;

/// <summary>The hash that a whole file must have.</summary>
/// <param name="Algorithm">One of the constants.</param>
/// <param name="Hex">Lower case.</param>
internal sealed record FileDigest(string Algorithm, string Hex)
{
    public const string Sha256 = "sha256";
    public const string Sha512 = "sha512";

    /// <summary>Git's hash of a file: SHA-1 of its length and its contents.</summary>
    public const string GitBlob = "git";

    private const string IntegrityPrefix = "sha512-";
    private const int BufferBytes = 1 << 17;

    /// <summary>Reads the form of npm's <c>integrity</c>, <c>sha512-</c> and 64 bytes in base64; null for any other.</summary>
    public static FileDigest? ReadIntegrity(string? text)
    {
        var bytes = new byte[SHA512.HashSizeInBytes];
        return text?.StartsWith(IntegrityPrefix, StringComparison.Ordinal) == true
            && Convert.TryFromBase64String(text[IntegrityPrefix.Length..], bytes, out var length) && length == bytes.Length
            ? new FileDigest(Sha512, Convert.ToHexStringLower(bytes)) : null;
    }

    /// <summary>The same kind of hash, of what a file holds from its start.</summary>
    public async Task<FileDigest> OfAsync(FileStream file, CancellationToken cancellationToken)
    {
#pragma warning disable CA5350 // Git names its files so; it is no secret's hash.
        using var hash = IncrementalHash.CreateHash(Algorithm switch
        {
            Sha256 => HashAlgorithmName.SHA256,
            Sha512 => HashAlgorithmName.SHA512,
            _ => HashAlgorithmName.SHA1,
        });
#pragma warning restore CA5350
        if (Algorithm == GitBlob)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {file.Length}\0")));
        }

        var buffer = new byte[BufferBytes];
        for (int read; (read = await file.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            hash.AppendData(buffer.AsSpan(0, read));
        }

        return this with { Hex = Convert.ToHexStringLower(hash.GetHashAndReset()) };
    }

    public override string ToString() => $"{Algorithm} {Hex}";
}

/// <summary>A file to be fetched.</summary>
/// <param name="Name">A plain name, which it gets on the disk.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record RemoteFile(string Name, long Bytes, FileDigest Digest);
