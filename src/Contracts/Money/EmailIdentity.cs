using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Contracts.Money;

/// <summary>Decides which spellings of an e-mail address are one mailbox, for welcome credit and limits on mail.</summary>
public static class EmailIdentity
{
    /// <summary>Second-level labels under which country registries sell names, such as <c>co</c> in <c>example.co.uk</c>.</summary>
    private static readonly string[] SecondLevel = ["ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ne", "net", "or", "org"];

    /// <summary>SHA-256 of <see cref="Normalize"/>.</summary>
    public static byte[] Hash(string email) => SHA256.HashData(Encoding.UTF8.GetBytes(Normalize(email)));

    /// <summary>
    /// Returns the canonical spelling of a mailbox: trimmed, in Unicode form KC and lower case, without a <c>+tag</c>, and for Google's
    /// mail without dots in the local part.
    /// </summary>
    public static string Normalize(string email)
    {
        var address = email.Trim().Normalize(NormalizationForm.FormKC).ToLowerInvariant();
        var at = address.LastIndexOf('@');
        if (at <= 0)
        {
            return address;
        }

        var (local, domain) = (address[..at], address[(at + 1)..].TrimEnd('.'));
        var tag = local.IndexOf('+', StringComparison.Ordinal);
        local = tag > 0 ? local[..tag] : local;
        if (domain is "gmail.com" or "googlemail.com")
        {
            (local, domain) = (local.Replace(".", "", StringComparison.Ordinal), "gmail.com");
        }

        return $"{local}@{domain}";
    }

    /// <summary>
    /// Returns the registered domain of an address: the last two labels, or three under <c>co.uk</c> and similar. The owner of a domain
    /// can create any number of names under it, so they count as one.
    /// </summary>
    public static string DomainOf(string email)
    {
        var address = Normalize(email);
        var labels = address[(address.LastIndexOf('@') + 1)..].Split('.');
        var isCountrys = labels is [.., var second, { Length: 2 }] && SecondLevel.Contains(second);
        return string.Join('.', labels.TakeLast(isCountrys ? 3 : 2));
    }
}
