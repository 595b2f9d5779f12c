using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Audit;

/// <summary>A head of a chain, signed under a key that is not in the database. Rows are only ever added.</summary>
internal sealed class AuditSeal
{
    /// <summary>The organization; the nil UUID for the installation.</summary>
    public required Guid ChainId { get; init; }

    public required long Number { get; init; }

    /// <summary>SHA-256 of the entry.</summary>
    public required byte[] Hash { get; init; }

    public required DateTimeOffset SealedAt { get; init; }

    /// <summary>Id of the pepper from which the key is derived.</summary>
    public required string Pepper { get; init; }

    /// <summary>HMAC-SHA-256 over the other members.</summary>
    public required byte[] Signature { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<AuditSeal>
    {
        public void Configure(EntityTypeBuilder<AuditSeal> seal)
        {
            seal.ToTable("audit_seals");
            seal.HasKey(s => new { s.ChainId, s.Number });
            seal.Property(s => s.Pepper).HasMaxLength(32);
        }
    }
}
