using System.Collections.Frozen;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Organizations;

/// <summary>A named set of permissions that an organization defines.</summary>
internal sealed class CustomRole
{
    public required Guid Id { get; init; }

    public required Guid OrganizationId { get; init; }

    /// <summary>Unique in the organization, whatever its case.</summary>
    public required string Name { get; set; }

    /// <summary>Names of <see cref="Permission"/>. A name that this version does not know gives nothing.</summary>
    public required string[] Permissions { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>What the role may do.</summary>
    public IReadOnlySet<Permission> Granted => Permissions
        .Select(name => Enum.TryParse<Permission>(name, out var permission) && permission.ToString() == name ? permission : (Permission?)null)
        .OfType<Permission>().ToFrozenSet();

    internal sealed class Mapping : IEntityTypeConfiguration<CustomRole>
    {
        public void Configure(EntityTypeBuilder<CustomRole> role)
        {
            role.ToTable("custom_roles");
            role.Property(r => r.Id).ValueGeneratedNever();
            role.Property(r => r.Name).HasMaxLength(50);
            role.Ignore(r => r.Granted);
            role.HasIndex(r => r.OrganizationId);
            role.HasOne<Organization>().WithMany().HasForeignKey(r => r.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
