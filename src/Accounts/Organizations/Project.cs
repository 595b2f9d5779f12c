using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Organizations;

/// <summary>A part of an organization with separate keys and limits.</summary>
internal sealed class Project
{
    public required Guid Id { get; init; }

    public required Guid OrganizationId { get; init; }

    public required string Name { get; init; }

    /// <summary>Whether new keys go to this project by default.</summary>
    public required bool IsDefault { get; init; }

    /// <summary>Part of the organization's policy, so a change must raise the policy's version.</summary>
    public required Limits Limits { get; init; }

    /// <summary>Whether responses of <c>/v1/responses</c> may be kept. Part of the organization's policy too. Default true.</summary>
    public bool KeepsResponses { get; private set; } = true;

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Allows responses to be kept, or forbids it. Returns false when nothing changes. The caller holds the lock of the
    /// organization's rules.</summary>
    public bool KeepResponses(bool keeps)
    {
        var changes = KeepsResponses != keeps;
        KeepsResponses = keeps;
        return changes;
    }

    internal sealed class Mapping : IEntityTypeConfiguration<Project>
    {
        public void Configure(EntityTypeBuilder<Project> project)
        {
            project.ToTable("projects");
            project.Property(p => p.Id).ValueGeneratedNever();
            project.Property(p => p.Name).HasMaxLength(100);
            project.Property(p => p.Limits).HasJson();
            project.HasIndex(p => p.OrganizationId).IsUnique().HasFilter("is_default").HasDatabaseName("one_default_project");
            project.HasOne<Organization>().WithMany().HasForeignKey(p => p.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
