using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Audit;

/// <summary>Records who did what. A trigger rejects changes and deletions, so rows are only added.</summary>
internal sealed class AuditEntry
{
    public long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Null for actions that concern no organization, such as setting an alias.</summary>
    public Guid? OrganizationId { get; init; }

    /// <summary>The user; null for the operator's command line and the service itself.</summary>
    public Guid? ActorId { get; init; }

    /// <summary>Such as <c>key.revoke</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Id or name of the object, never a secret.</summary>
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
