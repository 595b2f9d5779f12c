using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>A domain of e-mail addresses that an organization has captured, or is about to prove.</summary>
internal sealed class CapturedDomain
{
    public required Guid OrganizationId { get; init; }

    /// <summary>In lower case and ASCII; see <see cref="EmailDomain"/>.</summary>
    public required string Domain { get; init; }

    /// <summary>Random text that a TXT record of the domain must hold.</summary>
    public required string Challenge { get; init; }

    public required DateTimeOffset AddedAt { get; init; }

    /// <summary>Null until it is proved or approved. A unique index gives a captured domain one organization.</summary>
    public DateTimeOffset? CapturedAt { get; set; }

    /// <summary>The operator who approved it; null for one proved in DNS.</summary>
    public Guid? ApprovedBy { get; set; }

    /// <summary>Name of the TXT record.</summary>
    public string RecordName => $"_tollgate-challenge.{Domain}";

    /// <summary>Text of the TXT record.</summary>
    public string RecordText => $"tollgate-domain={Challenge}";

    internal sealed class Mapping : IEntityTypeConfiguration<CapturedDomain>
    {
        public void Configure(EntityTypeBuilder<CapturedDomain> domain)
        {
            domain.ToTable("captured_domains");
            domain.HasKey(d => new { d.OrganizationId, d.Domain });
            domain.Property(d => d.Domain).HasMaxLength(253);
            domain.Property(d => d.Challenge).HasMaxLength(64);
            domain.HasIndex(d => d.Domain).IsUnique().HasFilter("captured_at is not null").HasDatabaseName("captured_domains_owner");
            domain.HasOne<Organization>().WithMany().HasForeignKey(d => d.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
