using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Invitations;

/// <summary>A project that an invited person becomes a member of with the acceptance.</summary>
internal sealed class InvitationProject
{
    public required Guid InvitationId { get; init; }

    public required Guid ProjectId { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<InvitationProject>
    {
        public void Configure(EntityTypeBuilder<InvitationProject> one)
        {
            one.ToTable("invitation_projects");
            one.HasKey(i => new { i.InvitationId, i.ProjectId });
            one.HasIndex(i => i.ProjectId);
            one.HasOne<Invitation>().WithMany().HasForeignKey(i => i.InvitationId).OnDelete(DeleteBehavior.Cascade);
            one.HasOne<Project>().WithMany().HasForeignKey(i => i.ProjectId).OnDelete(DeleteBehavior.Cascade);
        }
    }
}
