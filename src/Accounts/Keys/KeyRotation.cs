using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Keys;

/// <summary>One rotation of a key, and how much its old secret is still used.</summary>
internal sealed class KeyRotation
{
    public required Guid KeyId { get; init; }

    /// <summary>
    /// When the old secret expires, in whole microseconds because Postgres keeps no more. Together with the key it identifies the rotation
    /// in gateways' reports.
    /// </summary>
    public required DateTimeOffset OverlapEndsAt { get; init; }

    public required DateTimeOffset RotatedAt { get; init; }

    /// <summary>When the old secret was ended early, by a person or by the next rotation.</summary>
    public DateTimeOffset? OldSecretEndedAt { get; set; }

    /// <summary>Number of authenticated requests with the old secret since the rotation, including refused ones.</summary>
    public long OldSecretCalls { get; init; }

    public DateTimeOffset? OldSecretUsedAt { get; init; }

    /// <summary>When the old secret stops or stopped working.</summary>
    public DateTimeOffset OldSecretEndsAt => OldSecretEndedAt ?? OverlapEndsAt;

    internal sealed class Mapping : IEntityTypeConfiguration<KeyRotation>
    {
        public void Configure(EntityTypeBuilder<KeyRotation> rotation)
        {
            rotation.ToTable("key_rotations");
            rotation.HasKey(r => new { r.KeyId, r.OverlapEndsAt });
            rotation.Ignore(r => r.OldSecretEndsAt);
        }
    }
}

/// <summary>When a key was last used, with any of its secrets. Only gateways' reports write these rows.</summary>
internal sealed class KeyLastUse
{
    public required Guid KeyId { get; init; }

    public required DateTimeOffset LastUsedAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<KeyLastUse>
    {
        public void Configure(EntityTypeBuilder<KeyLastUse> use)
        {
            use.ToTable("key_uses");
            use.HasKey(u => u.KeyId);
            use.Property(u => u.KeyId).ValueGeneratedNever();
        }
    }
}

/// <summary>The last batch taken from one boot of a gateway.</summary>
internal sealed class TakenKeyUseBatch
{
    public required Guid Boot { get; init; }

    public required long Sequence { get; init; }

    public required DateTimeOffset TakenAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<TakenKeyUseBatch>
    {
        public void Configure(EntityTypeBuilder<TakenKeyUseBatch> batch)
        {
            batch.ToTable("key_use_batches");
            batch.HasKey(b => b.Boot);
            batch.Property(b => b.Boot).ValueGeneratedNever();
        }
    }
}
