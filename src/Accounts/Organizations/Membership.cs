using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Organizations;

/// <summary>A user's membership in an organization.</summary>
internal sealed class Membership
{
    public required Guid OrganizationId { get; init; }

    public required Guid UserId { get; init; }

    public required MemberRole Role { get; init; }

    public required DateTimeOffset JoinedAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<Membership>
    {
        public void Configure(EntityTypeBuilder<Membership> membership)
        {
            membership.ToTable("memberships");
            membership.HasKey(m => new { m.OrganizationId, m.UserId });
            membership.HasIndex(m => m.UserId);
            membership.HasOne<Organization>().WithMany().HasForeignKey(m => m.OrganizationId).OnDelete(DeleteBehavior.Restrict);
            membership.HasOne<User>().WithMany().HasForeignKey(m => m.UserId).OnDelete(DeleteBehavior.Cascade);
        }
    }
}

/// <summary>Role of a member. Each role includes the rights of the roles after it.</summary>
public enum MemberRole
{
    Owner = 0,
    Admin = 1,

    /// <summary>May create, change and revoke keys, and send, delete and run what belongs to the project.</summary>
    Member = 2,

    /// <summary>May only read.</summary>
    Viewer = 3,
}
