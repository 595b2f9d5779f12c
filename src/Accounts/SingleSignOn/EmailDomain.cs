using System.Globalization;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Domains of e-mail addresses in one form: lower case, international names in ASCII, without a final dot.</summary>
internal static class EmailDomain
{
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>The domain of an address; null for text that is not one bare address.</summary>
    public static string? Of(string? email)
    {
        if (email is not { Length: > 0 and <= 254 } || email.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
        {
            return null;
        }

        var at = email.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && at == email.LastIndexOf('@') ? Normalize(email[(at + 1)..]) : null;
    }

    /// <summary>The one form of a domain with at least two labels; null for other text.</summary>
    public static string? Normalize(string domain)
    {
        try
        {
            var ascii = Idn.GetAscii(domain.Trim().TrimEnd('.')).ToLowerInvariant();
            return ascii.Length <= 253 && ascii.Contains('.', StringComparison.Ordinal)
                && Uri.CheckHostName(ascii) == UriHostNameType.Dns ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null; // No domain: an empty or overlong label, or a character that none may hold.
        }
    }
}
