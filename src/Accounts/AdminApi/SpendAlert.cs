using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.AdminApi;

/// <summary>A mail once a UTC month when the spend of an organization, or of one of its projects, reaches an amount.</summary>
internal sealed class SpendAlert
{
    public required Guid Id { get; init; }

    public required Guid OrganizationId { get; init; }

    /// <summary>Null for the whole organization.</summary>
    public Guid? ProjectId { get; init; }

    /// <summary>US cents.</summary>
    public required decimal ThresholdCents { get; set; }

    public required string[] Recipients { get; set; }

    public string? SubjectPrefix { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>First day of the month for which the mail was ordered last; null for none.</summary>
    public DateOnly? SentMonth { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<SpendAlert>
    {
        public void Configure(EntityTypeBuilder<SpendAlert> alert)
        {
            alert.ToTable("spend_alerts");
            alert.Property(a => a.Id).ValueGeneratedNever();
            alert.Property(a => a.ThresholdCents).HasPrecision(20, 4);
            alert.Property(a => a.SubjectPrefix).HasMaxLength(100);
            alert.HasIndex(a => new { a.OrganizationId, a.ProjectId, a.CreatedAt });
            alert.HasOne<Organization>().WithMany().HasForeignKey(a => a.OrganizationId).OnDelete(DeleteBehavior.Restrict);
            alert.HasOne<Project>().WithMany().HasForeignKey(a => new { a.OrganizationId, a.ProjectId })
                .HasPrincipalKey(p => new { p.OrganizationId, p.Id }).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
