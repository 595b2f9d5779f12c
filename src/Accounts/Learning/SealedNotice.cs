using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Tollgate.Accounts.Learning;

/// <summary>
/// Carries a text over a redirect in the address. It is sealed, so that a link cannot make the portal show a stranger's words, and opens
/// for the same member for ten minutes.
/// </summary>
internal sealed class SealedNotice(IDataProtectionProvider protection)
{
    private const string Purpose = "learning.notice";
    private const int MostCharacters = 1_000;
    private static readonly TimeSpan Shown = TimeSpan.FromMinutes(10);

    public string Seal(Guid userId, string text) =>
        Protector(userId).Protect(text.Length <= MostCharacters ? text : text[..MostCharacters] + "…", Shown);

    /// <summary>The text; null for one that is none of ours, another member's or too old.</summary>
    public string? Open(Guid userId, string? notice)
    {
        try
        {
            return string.IsNullOrEmpty(notice) ? null : Protector(userId).Unprotect(notice);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private ITimeLimitedDataProtector Protector(Guid userId) =>
        protection.CreateProtector(Purpose, userId.ToString("N")).ToTimeLimitedDataProtector();
}
