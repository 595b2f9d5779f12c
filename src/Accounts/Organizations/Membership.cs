using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Organizations;

/// <summary>A user's membership in an organization.</summary>
internal sealed class Membership
{
    public required Guid OrganizationId { get; init; }

    public required Guid UserId { get; init; }

    /// <summary>Changed under the lock of the organization's row, as the rule of the last owner counts the others.</summary>
    public required MemberRole Role { get; set; }

    /// <summary>The role's definition; set for <see cref="MemberRole.Custom"/> alone.</summary>
    public Guid? CustomRoleId { get; set; }

    public required DateTimeOffset JoinedAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<Membership>
    {
        public void Configure(EntityTypeBuilder<Membership> membership)
        {
            membership.ToTable("memberships");
            membership.HasKey(m => new { m.OrganizationId, m.UserId });
            membership.HasIndex(m => m.UserId);
            membership.HasIndex(m => m.CustomRoleId);
            membership.HasOne<Organization>().WithMany().HasForeignKey(m => m.OrganizationId).OnDelete(DeleteBehavior.Restrict);
            membership.HasOne<User>().WithMany().HasForeignKey(m => m.UserId).OnDelete(DeleteBehavior.Cascade);
            membership.HasOne<CustomRole>().WithMany().HasForeignKey(m => m.CustomRoleId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
