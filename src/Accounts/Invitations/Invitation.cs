using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Invitations;

/// <summary>
/// An invitation of an address to an organization. Open until it is accepted, revoked or expired; at most one is open for an address.
/// </summary>
internal sealed class Invitation
{
    public required Guid Id { get; init; }

    public required Guid OrganizationId { get; init; }

    /// <summary>The address as the inviting member wrote it; the mail goes there.</summary>
    public required string Email { get; init; }

    /// <summary>The address in the form by which accounts are found.</summary>
    public required string NormalizedEmail { get; init; }

    public required MemberRole Role { get; set; }

    /// <summary>Set for <see cref="MemberRole.Custom"/> alone. A role of an open invitation is not deleted.</summary>
    public Guid? CustomRoleId { get; set; }

    /// <summary>SHA-256 of the token in the mailed link. The token itself is not stored.</summary>
    public required byte[] TokenSha256 { get; set; }

    /// <summary>The member who invited. Empty for the operator's doors and the admin API.</summary>
    public required Guid InvitedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the last mail was ordered.</summary>
    public required DateTimeOffset SentAt { get; set; }

    public required DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? AcceptedAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Invitation>
    {
        public void Configure(EntityTypeBuilder<Invitation> invitation)
        {
            invitation.ToTable("invitations");
            invitation.Property(i => i.Id).ValueGeneratedNever();
            invitation.Property(i => i.Email).HasMaxLength(256);
            invitation.Property(i => i.NormalizedEmail).HasMaxLength(256);
            invitation.HasIndex(i => i.TokenSha256).IsUnique();
            invitation.HasIndex(i => new { i.OrganizationId, i.NormalizedEmail }).IsUnique()
                .HasFilter("accepted_at is null and revoked_at is null");
            invitation.HasIndex(i => i.NormalizedEmail);
            invitation.HasIndex(i => new { i.OrganizationId, i.CreatedAt });
            invitation.HasOne<Organization>().WithMany().HasForeignKey(i => i.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
