using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.AdminApi;

/// <summary>
/// A key of the admin API: acts as an owner of its organization, and ends when whoever made it is no owner any more. Gateways have no
/// record of it. Rows are never deleted, so a revoked key stays revoked.
/// </summary>
internal sealed class AdminKey
{
    public required Guid Id { get; init; }

    public required Guid OrganizationId { get; init; }

    /// <summary>The 12 characters after <c>sk-admin-</c>.</summary>
    public required string PublicId { get; init; }

    public required string Name { get; init; }

    /// <summary>HMAC-SHA-256 of the secret under the pepper, in base64.</summary>
    public required string Mac { get; init; }

    public required string PepperId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The owner who made it, or who made the admin key that made it.</summary>
    public required Guid CreatedBy { get; init; }

    /// <summary>Null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When the minute ends in which <see cref="WindowCount"/> requests were counted.</summary>
    public DateTimeOffset WindowEndsAt { get; init; } = DateTimeOffset.MinValue;

    public int WindowCount { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<AdminKey>
    {
        public void Configure(EntityTypeBuilder<AdminKey> key)
        {
            key.ToTable("admin_keys");
            key.Property(k => k.Id).ValueGeneratedNever();
            key.Property(k => k.PublicId).HasMaxLength(12);
            key.Property(k => k.Name).HasMaxLength(100);
            key.Property(k => k.Mac).HasMaxLength(44);
            key.Property(k => k.PepperId).HasMaxLength(32);
            key.HasIndex(k => k.PublicId).IsUnique();
            key.HasIndex(k => new { k.OrganizationId, k.CreatedAt });
            key.HasOne<Organization>().WithMany().HasForeignKey(k => k.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
