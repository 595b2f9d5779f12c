using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>
/// Guards the pages of a development installation: the mailbox and the checkout of the fake Stripe. A browser needs a token from the data
/// folder, first in the address and afterwards in a cookie that every port of the machine receives. The token proves that its user can
/// read the data folder.
/// </summary>
public static class DevelopmentPages
{
    /// <summary>Setting with the token, usually set through <c>Development:Token_FILE</c>.</summary>
    public const string TokenSetting = "Development:Token";

    /// <summary>Name of the token's query parameter.</summary>
    public const string Query = "token";

    private const string Cookie = "tollgate.development";
    private static readonly string[] ForwardedHeaders = ["Forwarded", "Via", "X-Real-IP"];

    /// <summary>Whether the request came through a proxy, so that another machine may have sent it.</summary>
    public static bool IsForwarded(HttpRequest request) =>
        Array.Exists(ForwardedHeaders, request.Headers.ContainsKey)
        || request.Headers.Keys.Any(name => name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the request has the token, in its query or its cookie. A token in the query sets the cookie.</summary>
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

    /// <summary>Stores the token in the browser's cookie.</summary>
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
