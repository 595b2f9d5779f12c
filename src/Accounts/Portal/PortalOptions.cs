using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.Portal;

/// <summary>Section <c>Portal</c>.</summary>
public sealed class PortalOptions
{
    public const string Section = "Portal";

    /// <summary>Base address of the API as customers reach it, without <c>/v1</c>; stands in
    /// the examples. Default <c>http://127.0.0.1:8080</c>.</summary>
    [Required, Url]
    public string ApiBaseUrl { get; init; } = "http://127.0.0.1:8080";

    /// <summary>
    /// Address of the portal as browsers reach it; stands in mails and decides whether cookies are Secure. Default: the listener's own
    /// address, which only a loopback listener may use.
    /// </summary>
    [Url]
    public string? PublicUrl { get; init; }

    /// <summary>Origins that a top-up form may lead to: a list. A loopback portal allows every loopback port besides.</summary>
    public string CheckoutOrigins { get; init; } = "https://checkout.stripe.com";

    /// <summary>Tells browsers to insist on TLS for a year, without preload. Only with an
    /// https <see cref="PublicUrl"/>. Default false.</summary>
    public bool Hsts { get; init; }

    /// <summary>Sign-in, sign-up and password forms that one IPv4 address or IPv6 /64 may send in a minute. Default 30.</summary>
    [Range(1, 100_000)]
    public int CredentialFormsPerMinute { get; init; } = 30;
}

[OptionsValidator]
internal sealed partial class PortalOptionsValidator : IValidateOptions<PortalOptions>;
