using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Credentials;

/// <summary>
/// Recognizes the browser that chose an unconfirmed account's password. The mailed link proves only who reads the mailbox. Without this
/// cookie a stranger could sign up with another person's address, wait for the owner to open the link, and own a confirmed account.
/// </summary>
internal sealed class SignUpCookie(IDataProtectionProvider protection, ILookupNormalizer normalizer, PortalAddress address)
{
    private const string Name = "tollgate.sign-up";
    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("sign-up cookie").ToTimeLimitedDataProtector();

    /// <summary>Writes the cookie. Every sign-up sets it, whether the address has an account or not.</summary>
    /// <param name="stamp">The account's security stamp, if this sign-up made or changed it.</param>
    public void Write(HttpContext context, string email, string stamp) => context.Response.Cookies.Append(
        Name,
        _protector.Protect(Text(email, stamp), Registration.LinkLifetime),
        new CookieOptions
        {
            HttpOnly = true,
            Secure = address.IsHttps,
            SameSite = SameSiteMode.Lax, // The browser arrives through a link in a mail.
            Path = "/",
            MaxAge = Registration.LinkLifetime,
        });

    /// <summary>Whether this browser chose the account's current password.</summary>
    public bool Proves(HttpContext context, User user)
    {
        if (context.Request.Cookies[Name] is not { Length: > 0 } text)
        {
            return false;
        }

        try
        {
            return _protector.Unprotect(text) == Text(user.Email!, user.SecurityStamp!);
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return false;
        }
    }

    private string Text(string email, string stamp) => $"{normalizer.NormalizeEmail(email)}\n{stamp}";
}
