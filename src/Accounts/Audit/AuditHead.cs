using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Audit;

/// <summary>The newest entry of a chain. Only the trigger that appends entries writes it.</summary>
internal sealed class AuditHead
{
    /// <summary>The organization; the nil UUID for the installation.</summary>
    public required Guid ChainId { get; init; }

    public required long Number { get; init; }

    /// <summary>SHA-256 of the entry.</summary>
    public required byte[] Hash { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<AuditHead>
    {
        public void Configure(EntityTypeBuilder<AuditHead> head)
        {
            head.ToTable("audit_heads");
            head.HasKey(h => h.ChainId);
            head.Property(h => h.ChainId).ValueGeneratedNever();
        }
    }
}
