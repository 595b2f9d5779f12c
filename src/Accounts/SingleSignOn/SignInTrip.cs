using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.IdentityModel.Tokens;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>A browser's way to a provider and back, kept in a sealed cookie of that browser until it returns.</summary>
/// <param name="OrganizationId">Whose provider it went to.</param>
/// <param name="State">Names the trip in the provider's answer.</param>
/// <param name="Nonce">Must stand in the ID token.</param>
/// <param name="Verifier">Of PKCE; the provider saw its SHA-256.</param>
/// <param name="ReturnUrl">Page of the portal to open afterwards.</param>
internal sealed record SignInTrip(Guid OrganizationId, string State, string Nonce, string Verifier, string ReturnUrl)
{
    /// <summary>PKCE's <c>S256</c>.</summary>
    public string CodeChallenge => Base64UrlEncoder.Encode(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(Verifier)));

    public static SignInTrip Start(Guid organizationId, string? returnUrl) =>
        new(organizationId, RandomText(), RandomText(), RandomText(), LocalUrl.OrHome(returnUrl));

    private static string RandomText() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32));
}

/// <summary>Where a person goes after the sign-in. Sealed, so that no other site makes a browser change its organization.</summary>
internal sealed record SignInEntry(Guid UserId, Guid OrganizationId, string ReturnUrl);

/// <summary>
/// Keeps trips in cookies, one for each, so that two tabs do not disturb each other. An answer without the cookie of its trip belongs to
/// another browser: following a stranger's link signs nobody in.
/// </summary>
internal sealed class SignInTrips(IDataProtectionProvider protection, PortalAddress address)
{
    /// <summary>How long a person may take at the provider, and for a second factor after it.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private readonly ITimeLimitedDataProtector _trips =
        protection.CreateProtector("single sign-on trip").ToTimeLimitedDataProtector();

    private readonly ITimeLimitedDataProtector _entries =
        protection.CreateProtector("single sign-on entry").ToTimeLimitedDataProtector();

    public void Write(HttpContext context, SignInTrip trip) => context.Response.Cookies.Append(
        NameOf(trip.State), _trips.Protect(JsonSerializer.Serialize(trip), Lifetime), Options(Lifetime));

    /// <summary>Takes the trip that an answer names, and deletes its cookie. Null when this browser is on no such trip.</summary>
    public SignInTrip? Take(HttpContext context, Guid organizationId, string? state)
    {
        if (state is not { Length: 43 } || context.Request.Cookies[NameOf(state)] is not { Length: > 0 } text)
        {
            return null;
        }

        context.Response.Cookies.Append(NameOf(state), "", Options(TimeSpan.Zero));
        return Open<SignInTrip>(_trips, text) is { } trip && trip.State == state && trip.OrganizationId == organizationId ? trip : null;
    }

    /// <summary>Seals an entry for an address of the portal.</summary>
    public string Seal(SignInEntry entry) => _entries.Protect(JsonSerializer.Serialize(entry), Lifetime);

    /// <summary>Null for text that is too old or not of this installation.</summary>
    public SignInEntry? Open(string? text) => text is null ? null : Open<SignInEntry>(_entries, text);

    private static T? Open<T>(ITimeLimitedDataProtector protector, string text)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(protector.Unprotect(text));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private CookieOptions Options(TimeSpan lifetime) => new()
    {
        HttpOnly = true,
        Secure = address.IsHttps,
        SameSite = SameSiteMode.Lax, // The browser arrives from the provider's site.
        Path = SingleSignOnPaths.Root,
        MaxAge = lifetime,
    };

    private static string NameOf(string state) => $"tollgate.sso.{state[..12]}";
}
