using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.Portal;

/// <summary>Settings of the portal. Section <c>Portal</c>.</summary>
public sealed class PortalOptions
{
    public const string Section = "Portal";

    /// <summary>
    /// Base address of the API for customers, without <c>/v1</c>. Appears in the examples. Default <c>http://127.0.0.1:8080</c>.
    /// </summary>
    [Required, Url]
    public string ApiBaseUrl { get; init; } = "http://127.0.0.1:8080";

    /// <summary>
    /// Address of the portal for browsers. Appears in mails and decides whether cookies are Secure. Default: the listener's own address,
    /// which only a loopback listener may use.
    /// </summary>
    [Url]
    public string? PublicUrl { get; init; }

    /// <summary>List of origins that a top-up form may lead to. A loopback portal also allows every loopback port.</summary>
    public string CheckoutOrigins { get; init; } = "https://checkout.stripe.com";

    /// <summary>
    /// Whether to make browsers insist on TLS for a year (HSTS without preload). Needs an https <see cref="PublicUrl"/>. Default false.
    /// </summary>
    public bool Hsts { get; init; }

    /// <summary>
    /// Largest form with a file that a member may send, bytes. It bounds what is read at all: 1 MiB more than Learning's
    /// <c>Files:MaxFileBytes</c>. Default 513 MiB.
    /// </summary>
    [Range(1024, 65L * 1024 * 1024 * 1024)]
    public long MaxUploadBytes { get; init; } = 513L * 1024 * 1024;

    /// <summary>
    /// Whether anybody may create an account with an organization. Organizations' invitations and identity providers make accounts
    /// either way. Default true.
    /// </summary>
    public bool OpenSignUp { get; init; } = true;

    /// <summary>Sign-in, sign-up and password forms that one IPv4 address or IPv6 /64 may submit per minute. Default 30.</summary>
    [Range(1, 100_000)]
    public int CredentialFormsPerMinute { get; init; } = 30;
}

[OptionsValidator]
internal sealed partial class PortalOptionsValidator : IValidateOptions<PortalOptions>;
