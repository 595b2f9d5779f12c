using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Organizations;

/// <summary>
/// That a member of the organization may use a project. Members who manage projects may use all of them, and everybody the default one,
/// without a row. Ends with the membership.
/// </summary>
internal sealed class ProjectMember
{
    public required Guid ProjectId { get; init; }

    public required Guid UserId { get; init; }

    public required Guid OrganizationId { get; init; }

    public required DateTimeOffset AddedAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<ProjectMember>
    {
        public void Configure(EntityTypeBuilder<ProjectMember> member)
        {
            member.ToTable("project_members");
            member.HasKey(m => new { m.ProjectId, m.UserId });
            member.HasOne<Project>().WithMany().HasForeignKey(m => new { m.OrganizationId, m.ProjectId })
                .HasPrincipalKey(p => new { p.OrganizationId, p.Id }).OnDelete(DeleteBehavior.Cascade);
            member.HasOne<Membership>().WithMany().HasForeignKey(m => new { m.OrganizationId, m.UserId })
                .OnDelete(DeleteBehavior.Cascade);
        }
    }
}
