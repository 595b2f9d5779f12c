using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>
/// A person at an identity provider, linked to an account. Issuer and subject are the key: addresses and names at a provider change and are
/// given to others. An account has one identity per issuer.
/// </summary>
internal sealed class LinkedIdentity
{
    public required string Issuer { get; init; }

    public required string Subject { get; init; }

    public required Guid UserId { get; init; }

    public required DateTimeOffset LinkedAt { get; init; }

    public required DateTimeOffset LastUsedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<LinkedIdentity>
    {
        public void Configure(EntityTypeBuilder<LinkedIdentity> identity)
        {
            identity.ToTable("linked_identities");
            identity.HasKey(i => new { i.Issuer, i.Subject });
            identity.Property(i => i.Issuer).HasMaxLength(500);
            identity.Property(i => i.Subject).HasMaxLength(255);
            identity.HasIndex(i => new { i.UserId, i.Issuer }).IsUnique().HasDatabaseName("linked_identities_user");
            identity.HasOne<User>().WithMany().HasForeignKey(i => i.UserId).OnDelete(DeleteBehavior.Cascade);
        }
    }
}
