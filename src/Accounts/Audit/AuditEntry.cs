using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Audit;

/// <summary>
/// Records who did what, and is a link of a hash chain: that of its organization, or that of the installation. Only
/// <see cref="AuditTrail"/> adds entries. A trigger numbers and hashes them when their transaction commits; another one rejects changes.
/// </summary>
internal sealed class AuditEntry
{
    public long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Null for actions that concern no organization, such as setting an alias.</summary>
    public Guid? OrganizationId { get; init; }

    /// <summary>Position in the chain, from 1, without gaps. Null only before the transaction commits.</summary>
    public long? Number { get; init; }

    /// <summary>The user; null for the operator's command line and the service itself.</summary>
    public Guid? ActorId { get; init; }

    /// <summary>The operator who acted through a page for operators, also in the organization of a customer; null otherwise.</summary>
    public Guid? OperatorId { get; init; }

    /// <summary>What the actor acted through, such as <c>session</c>: see <see cref="AuditVia"/>.</summary>
    public required string Via { get; init; }

    /// <summary>The client's address; null outside a request.</summary>
    public string? Address { get; init; }

    /// <summary>The User-Agent header, at most 200 characters; null outside a request.</summary>
    public string? Browser { get; init; }

    /// <summary>The trace of the request, 32 hex digits; null outside one.</summary>
    public string? Trace { get; init; }

    /// <summary>Such as <c>key.revoke</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Id or name of the object, never a secret. At most 200 characters.</summary>
    public required string Subject { get; init; }

    /// <summary>The values that changed as they were, a JSON object; null where there were none. Never a secret.</summary>
    public string? Before { get; init; }

    /// <summary>The values that changed as they are, a JSON object; null where there are none. Never a secret.</summary>
    public string? After { get; init; }

    /// <summary>SHA-256 over the entry and the hash before it. Null only before the transaction commits.</summary>
    public byte[]? Hash { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<AuditEntry>
    {
        public void Configure(EntityTypeBuilder<AuditEntry> entry)
        {
            entry.ToTable("audit_entries");
            entry.Property(e => e.Id).UseIdentityAlwaysColumn();
            entry.Property(e => e.Action).HasMaxLength(50);
            entry.Property(e => e.Subject).HasMaxLength(200);
            entry.Property(e => e.Via).HasMaxLength(60);
            entry.Property(e => e.Address).HasMaxLength(60);
            entry.Property(e => e.Browser).HasMaxLength(200);
            entry.Property(e => e.Trace).HasMaxLength(32);
            entry.Property(e => e.Before).HasColumnType("jsonb");
            entry.Property(e => e.After).HasColumnType("jsonb");
            entry.HasIndex(e => new { e.OrganizationId, e.Number }).IsUnique().AreNullsDistinct(false).HasFilter("number is not null");
            entry.HasIndex(e => e.At);
        }
    }
}

/// <summary>What an actor acts through.</summary>
internal static class AuditVia
{
    /// <summary>A signed-in browser, or a form for those who are not signed in.</summary>
    public const string Session = "session";

    /// <summary>The operator's command line.</summary>
    public const string CommandLine = "command line";

    /// <summary>Another service, or this one by itself.</summary>
    public const string Service = "service";
}
