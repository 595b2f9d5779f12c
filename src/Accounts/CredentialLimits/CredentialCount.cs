using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.CredentialLimits;

/// <summary>A counter of <see cref="CredentialLimiter"/>, which updates it in single statements.</summary>
internal sealed class CredentialCount
{
    /// <summary>SHA-256 of the subject that is counted.</summary>
    public required byte[] Subject { get; init; }

    public required int Count { get; init; }

    public DateTimeOffset? BlockedUntil { get; init; }

    /// <summary>After this instant the row counts as missing.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<CredentialCount>
    {
        public void Configure(EntityTypeBuilder<CredentialCount> count)
        {
            count.ToTable("credential_counts");
            count.HasKey(c => c.Subject);
            count.HasIndex(c => c.ExpiresAt);
        }
    }
}
