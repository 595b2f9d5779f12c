using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Keys;

namespace Tollgate.Accounts.Sessions;

/// <summary>
/// Seals Data Protection's keys before they go to Postgres, with AES-256-GCM under a key derived from the current pepper, which lies in a
/// file. A stolen database therefore opens no cookie and no mailed link. Keys sealed under an older pepper stay readable while that pepper
/// is configured.
/// </summary>
internal sealed class KeyRingSeal(IOptions<KeyOptions> options) : IXmlEncryptor
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly IReadOnlyList<(string Id, byte[] Key)> _keys =
        [.. KeyPeppers.Read(options.Value).Select(pepper => (pepper.Id, HKDF.DeriveKey(
            HashAlgorithmName.SHA256, pepper.Pepper, 32, info: "tollgate/accounts/key-ring"u8.ToArray())))];

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var (id, key) = _keys[0];
        var plain = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var sealedBytes = new byte[NonceSize + plain.Length + TagSize];
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, NonceSize));
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(
            sealedBytes.AsSpan(0, NonceSize), plain, sealedBytes.AsSpan(NonceSize, plain.Length), sealedBytes.AsSpan(^TagSize..));
        return new EncryptedXmlInfo(
            new XElement("sealed", new XAttribute("pepper", id), Convert.ToBase64String(sealedBytes)), typeof(KeyRingOpener));
    }

    /// <exception cref="CryptographicException">The pepper is no longer configured, or the text was changed.</exception>
    public XElement Decrypt(XElement encryptedElement)
    {
        var id = (string?)encryptedElement.Attribute("pepper");
        var key = _keys.FirstOrDefault(known => known.Id == id).Key
            ?? throw new CryptographicException($"A key of Data Protection is sealed under pepper {id}, which is not configured.");
        var sealedBytes = Convert.FromBase64String(encryptedElement.Value);
        var plain = new byte[sealedBytes.Length - NonceSize - TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(sealedBytes.AsSpan(0, NonceSize), sealedBytes.AsSpan(NonceSize, plain.Length), sealedBytes.AsSpan(^TagSize..), plain);
        return XElement.Parse(Encoding.UTF8.GetString(plain));
    }
}

/// <summary>Opens sealed keys. Data Protection creates it from the type name stored beside each sealed key.</summary>
internal sealed class KeyRingOpener(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) => services.GetRequiredService<KeyRingSeal>().Decrypt(encryptedElement);
}
