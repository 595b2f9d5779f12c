using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.Sessions;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.SecondFactor;

/// <summary>
/// The one place where a browser gets a session. A password or an identity provider proves a first factor; with two-step verification on,
/// a cookie then remembers who it was until a code arrives. A passkey proves two factors at once, as it verifies the person.
/// </summary>
internal sealed class SignInDoor(
    SessionCookie sessions, SecondFactorBook factors, AccountsDb db, IDataProtectionProvider protection, PortalAddress address)
{
    /// <summary>How long a code may follow the first factor.</summary>
    public static readonly TimeSpan CodeLifetime = TimeSpan.FromMinutes(10);

    private const string CookieName = "tollgate.code";
    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("awaited code").ToTimeLimitedDataProtector();

    /// <summary>Signs a user in who proved the first factor, or asks for a code.</summary>
    /// <param name="method">How, for the audit log.</param>
    /// <returns>Whether the browser is signed in; otherwise lead it to <see cref="CodePath"/>.</returns>
    public async Task<bool> EnterAsync(HttpContext context, User user, bool remember, string method)
    {
        if (!await factors.IsOnAsync(user.Id, context.RequestAborted))
        {
            await sessions.SignInAsync(context, user, remember, method);
            return true;
        }

        context.Response.Cookies.Append(
            CookieName,
            _protector.Protect(JsonSerializer.Serialize(new AwaitedCode(user.Id, user.SecurityStamp!, remember, method)), CodeLifetime),
            Options(CodeLifetime));
        return false;
    }

    /// <summary>Signs a user in who proved two factors: by a passkey, or by the code that was awaited.</summary>
    /// <param name="method">How, for the audit log.</param>
    public async Task EnterWithBothAsync(HttpContext context, User user, bool remember, string method)
    {
        await sessions.SignInAsync(context, user, remember, method);
        context.Response.Cookies.Delete(CookieName, Options(TimeSpan.Zero));
    }

    /// <summary>
    /// Finds whose code this browser still owes; null without a first factor in the last ten minutes, and after a change of the password.
    /// </summary>
    public async Task<(User User, AwaitedCode Awaited)?> FindAwaitedAsync(HttpContext context)
    {
        if (context.Request.Cookies[CookieName] is not { Length: > 0 } text || Open(text) is not { } awaited)
        {
            return null;
        }

        var user = await db.Users.SingleOrDefaultAsync(
            one => one.Id == awaited.UserId && one.SecurityStamp == awaited.Stamp, context.RequestAborted);
        return user is null ? null : (user, awaited);
    }

    /// <summary>The page that takes a code.</summary>
    public static string CodePath(string? returnUrl) => "/sign-in/code" + LocalUrl.AsQuery(returnUrl);

    private AwaitedCode? Open(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<AwaitedCode>(_protector.Unprotect(text));
        }
        catch (CryptographicException)
        {
            return null; // Expired, or not ours.
        }
    }

    private CookieOptions Options(TimeSpan lifetime) => new()
    {
        HttpOnly = true,
        Secure = address.IsHttps,
        SameSite = SameSiteMode.Lax, // An identity provider leads back from another site.
        Path = "/",
        MaxAge = lifetime,
    };
}

/// <summary>A sign-in whose code is still to come.</summary>
/// <param name="Stamp">The user's security stamp at the first factor.</param>
/// <param name="Method">The first factor.</param>
internal sealed record AwaitedCode(Guid UserId, string Stamp, bool Remember, string Method);
