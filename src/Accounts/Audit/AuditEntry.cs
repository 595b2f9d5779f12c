using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Audit;

/// <summary>Who did what. Rows are only ever added; a trigger refuses anything else.</summary>
internal sealed class AuditEntry
{
    public long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Null for what concerns no organization, such as an alias.</summary>
    public Guid? OrganizationId { get; init; }

    /// <summary>The user; null for the operator's command line and the service itself.</summary>
    public Guid? ActorId { get; init; }

    /// <summary>Such as <c>key.revoke</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What it was done to: an id or a name, never a secret.</summary>
    public required string Subject { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<AuditEntry>
    {
        public void Configure(EntityTypeBuilder<AuditEntry> entry)
        {
            entry.ToTable("audit_entries");
            entry.Property(e => e.Id).UseIdentityAlwaysColumn();
            entry.Property(e => e.Action).HasMaxLength(50);
            entry.Property(e => e.Subject).HasMaxLength(200);
            entry.HasIndex(e => new { e.OrganizationId, e.Id });
        }
    }
}
