using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Billing.Wallets;

/// <summary>Which spellings of an e-mail address are one mailbox, as far as welcome credit goes.</summary>
internal static class EmailIdentity
{
    /// <summary>
    /// SHA-256 over the address without white space around it, in lower case, without a <c>+tag</c>, and for Google's mail without dots
    /// in its local part.
    /// </summary>
    public static byte[] Hash(string email) => SHA256.HashData(Encoding.UTF8.GetBytes(Normalize(email)));

    internal static string Normalize(string email)
    {
        var address = email.Trim().Normalize(NormalizationForm.FormKC).ToLowerInvariant();
        var at = address.LastIndexOf('@');
        if (at <= 0)
        {
            return address;
        }

        var (local, domain) = (address[..at], address[(at + 1)..]);
        var tag = local.IndexOf('+', StringComparison.Ordinal);
        local = tag > 0 ? local[..tag] : local;
        if (domain is "gmail.com" or "googlemail.com")
        {
            (local, domain) = (local.Replace(".", "", StringComparison.Ordinal), "gmail.com");
        }

        return $"{local}@{domain}";
    }
}
