using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>
/// Who may open pages of a development installation: the mailbox and the checkout of the stand-in for Stripe. A browser proves that it belongs
/// to somebody who can read the data folder by a token, once in the address and from then on in a cookie, which every port of the machine gets.
/// </summary>
public static class DevelopmentPages
{
    /// <summary>Setting that holds the token; usually by <c>Development:Token_FILE</c>.</summary>
    public const string TokenSetting = "Development:Token";

    /// <summary>Name of the token in the query of an address.</summary>
    public const string Query = "token";

    private const string Cookie = "tollgate.development";
    private static readonly string[] ForwardedHeaders = ["Forwarded", "Via", "X-Real-IP"];

    /// <summary>Whether the request came through a proxy, from which other machines may speak.</summary>
    public static bool IsForwarded(HttpRequest request) =>
        Array.Exists(ForwardedHeaders, request.Headers.ContainsKey)
        || request.Headers.Keys.Any(name => name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the request carries the token. One that carries it in its query gets the cookie.</summary>
    public static bool HasToken(HttpContext context, string? token)
    {
        if (string.IsNullOrEmpty(token))
        {
            return false;
        }

        if (Equal(context.Request.Query[Query], token))
        {
            Remember(context, token);
            return true;
        }

        return Equal(context.Request.Cookies[Cookie], token);
    }

    /// <summary>Gives the browser the token in a cookie.</summary>
    public static void Remember(HttpContext context, string token)
    {
        if (!Equal(context.Request.Cookies[Cookie], token))
        {
            context.Response.Cookies.Append(
                Cookie, token, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = context.Request.IsHttps });
        }
    }

    private static bool Equal(string? shown, string token) =>
        shown is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(shown), Encoding.UTF8.GetBytes(token));
}
