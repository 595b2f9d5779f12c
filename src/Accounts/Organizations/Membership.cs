using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Organizations;

/// <summary>A user's place in an organization.</summary>
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

/// <summary>What a member may do; each role may do what the ones after it may.</summary>
public enum MemberRole
{
    Owner = 0,
    Admin = 1,

    /// <summary>May make and end keys.</summary>
    Member = 2,

    /// <summary>May look.</summary>
    Viewer = 3,
}
