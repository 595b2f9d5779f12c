using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Sessions;

/// <summary>A signed-in browser. Kept for at least 90 days after its start, so that an account's usual sources are known.</summary>
internal sealed class Session
{
    public required Guid Id { get; init; }

    /// <summary>SHA-256 of the ticket in the browser's cookie. The ticket itself is not stored.</summary>
    public required byte[] TicketSha256 { get; init; }

    public required Guid UserId { get; init; }

    /// <summary>The user's security stamp at sign-in. The session ends when the user's stamp changes.</summary>
    public required string SecurityStamp { get; init; }

    /// <summary>Whether the user asked to stay signed in.</summary>
    public required bool Remembered { get; init; }

    /// <summary>The client's source for limits: an IPv4 address or an IPv6 /64.</summary>
    public required string Source { get; init; }

    /// <summary>The User-Agent header, at most 200 characters.</summary>
    public required string Browser { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Accurate to a minute.</summary>
    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>When the session ends unless a page is opened before.</summary>
    public required DateTimeOffset IdleEndsAt { get; init; }

    /// <summary>When the session ends at the latest.</summary>
    public required DateTimeOffset EndsAt { get; init; }

    /// <summary>When it was ended early, such as by signing out; null before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>
    /// The organization that the user has selected; null before a choice. The membership decides, so the row may outlive it.
    /// </summary>
    public Guid? OrganizationId { get; init; }

    /// <summary>The project that the user has selected; null before a choice.</summary>
    public Guid? ProjectId { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<Session>
    {
        public void Configure(EntityTypeBuilder<Session> session)
        {
            session.ToTable("sessions");
            session.Property(s => s.Id).ValueGeneratedNever();
            session.Property(s => s.Source).HasMaxLength(60);
            session.Property(s => s.Browser).HasMaxLength(200);
            session.HasIndex(s => s.TicketSha256).IsUnique();
            session.HasIndex(s => new { s.UserId, s.Source });
            session.HasOne<User>().WithMany().HasForeignKey(s => s.UserId).OnDelete(DeleteBehavior.Cascade);
        }
    }
}
