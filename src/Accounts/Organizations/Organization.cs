using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Organizations;

/// <summary>The unit that pays: owns projects, keys and one wallet.</summary>
internal sealed class Organization
{
    public required Guid Id { get; init; }

    /// <summary>Billing shows it on statements: a change goes there through the outbox.</summary>
    public required string Name { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The user for whom it was founded.</summary>
    public required Guid CreatedBy { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<Organization>
    {
        public void Configure(EntityTypeBuilder<Organization> organization)
        {
            organization.ToTable("organizations");
            organization.Property(o => o.Id).ValueGeneratedNever();
            organization.Property(o => o.Name).HasMaxLength(100);
            organization.HasIndex(o => o.CreatedAt);
        }
    }
}
