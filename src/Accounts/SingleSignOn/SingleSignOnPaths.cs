using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Addresses on the way to a provider and back.</summary>
internal static class SingleSignOnPaths
{
    public const string Root = "/sso";

    /// <summary>Address that an organization registers at its provider.</summary>
    public static string CallbackUrl(this PortalAddress address, Guid organizationId) => $"{address.Url}{Root}/{organizationId}/callback";

    /// <summary>Path that leads to an organization's provider.</summary>
    public static string ToStart(Guid organizationId, string? hint, string? returnUrl) =>
        $"{Root}/{organizationId}/start{Query(hint, returnUrl)}";

    /// <summary>Path of the page that leads an address to its organization's provider.</summary>
    public static string ToContinue(string email, string? returnUrl) => $"/sign-in/sso{Query(email, returnUrl)}";

    /// <summary>Path of the page that explains a fault.</summary>
    public static string ToFault(SignInFault fault, Guid organizationId) => $"/sign-in/sso?fault={fault}&organization={organizationId}";

    private static QueryString Query(string? hint, string? returnUrl) => QueryString.Create(
        new Dictionary<string, string?> { ["login_hint"] = hint, ["returnUrl"] = returnUrl }
            .Where(pair => !string.IsNullOrEmpty(pair.Value)));
}
