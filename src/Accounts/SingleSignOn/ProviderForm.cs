using System.ComponentModel.DataAnnotations;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Form of an organization's provider.</summary>
public sealed class ProviderForm
{
    [Required(ErrorMessage = "Enter the provider's issuer address.")]
    [StringLength(500, ErrorMessage = "At most 500 characters.")]
    public string Issuer { get; set; } = "";

    [Required(ErrorMessage = "Enter the client id.")]
    [StringLength(255, ErrorMessage = "At most 255 characters.")]
    public string ClientId { get; set; } = "";

    /// <summary>Empty keeps the secret that is stored.</summary>
    [StringLength(1000, ErrorMessage = "At most 1,000 characters.")]
    public string? ClientSecret { get; set; }

    public bool AllowsPasswords { get; set; }

    public bool CreatesMembers { get; set; }

    public MemberRole NewMemberRole { get; set; } = MemberRole.Developer;

    internal static ProviderForm Of(IdentityProvider? provider) => provider is null
        ? new ProviderForm { AllowsPasswords = true }
        : new ProviderForm
        {
            Issuer = provider.Issuer,
            ClientId = provider.ClientId,
            AllowsPasswords = provider.AllowsPasswords,
            CreatesMembers = provider.CreatesMembers,
            NewMemberRole = provider.NewMemberRole,
        };
}

/// <summary>Form of a new domain.</summary>
public sealed class DomainForm
{
    [Required(ErrorMessage = "Enter a domain, such as example.com.")]
    [StringLength(253, ErrorMessage = "At most 253 characters.")]
    public string Domain { get; set; } = "";
}

/// <summary>Form with the address whose provider is looked for.</summary>
public sealed class AddressForm
{
    [Required(ErrorMessage = "Enter your e-mail address.")]
    [EmailAddress(ErrorMessage = "This is not an e-mail address.")]
    [StringLength(254)]
    public string Email { get; set; } = "";
}
