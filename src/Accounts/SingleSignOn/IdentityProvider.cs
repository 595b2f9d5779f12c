using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>The OpenID Connect provider of an organization. <see cref="ProviderRegister"/> changes it.</summary>
internal sealed class IdentityProvider
{
    public required Guid OrganizationId { get; init; }

    /// <summary>Issuer identifier, an https URL. Tokens must state exactly this text.</summary>
    public required string Issuer { get; set; }

    public required string ClientId { get; set; }

    /// <summary>See <see cref="ClientSecrets"/>. No page shows it.</summary>
    public required string SealedSecret { get; set; }

    /// <summary>Whether members with an address of a captured domain may also sign in by password. Owners always may.</summary>
    public required bool AllowsPasswords { get; set; }

    /// <summary>Whether the first sign-in of an unknown person makes a member. Otherwise members must exist or be invited.</summary>
    public required bool CreatesMembers { get; set; }

    /// <summary>Role of these members: Developer, Reader or Billing.</summary>
    public required MemberRole NewMemberRole { get; set; }

    public required DateTimeOffset ChangedAt { get; set; }

    /// <summary>First sign-in with the present issuer, client and secret; null before. Passwords are refused only afterwards.</summary>
    public DateTimeOffset? ProvedAt { get; set; }

    /// <summary>When <see cref="ProviderTest"/> last ran; null before.</summary>
    public DateTimeOffset? TestedAt { get; set; }

    /// <summary>What the last test found, for people. Empty when all was well.</summary>
    public required string[] TestFaults { get; set; }

    /// <summary>Whether members, owners left out, must sign in through the provider.</summary>
    public bool RefusesPasswords => !AllowsPasswords && ProvedAt is not null;

    internal sealed class Mapping : IEntityTypeConfiguration<IdentityProvider>
    {
        public void Configure(EntityTypeBuilder<IdentityProvider> provider)
        {
            provider.ToTable("identity_providers");
            provider.HasKey(p => p.OrganizationId);
            provider.Property(p => p.OrganizationId).ValueGeneratedNever();
            provider.Property(p => p.Issuer).HasMaxLength(500);
            provider.Property(p => p.ClientId).HasMaxLength(255);
            provider.HasOne<Organization>().WithOne().HasForeignKey<IdentityProvider>(p => p.OrganizationId).OnDelete(
                DeleteBehavior.Restrict);
        }
    }
}
