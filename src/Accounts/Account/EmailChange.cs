using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Account;

/// <summary>A change of a user's address: asked for, then confirmed from the new address, and undone from the old one where need be.
/// </summary>
internal sealed class EmailChange
{
    public required Guid Id { get; init; }

    public required Guid UserId { get; init; }

    public required string OldEmail { get; init; }

    public required string NewEmail { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>When the new address became the account's; null before.</summary>
    public DateTimeOffset? ConfirmedAt { get; private set; }

    /// <summary>When it was undone, or replaced by another request; null before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    public void Confirm(DateTimeOffset at) => ConfirmedAt = at;

    internal sealed class Mapping : IEntityTypeConfiguration<EmailChange>
    {
        public void Configure(EntityTypeBuilder<EmailChange> change)
        {
            change.ToTable("email_changes");
            change.Property(c => c.Id).ValueGeneratedNever();
            change.Property(c => c.OldEmail).HasMaxLength(256);
            change.Property(c => c.NewEmail).HasMaxLength(256);
            change.HasIndex(c => c.UserId);
            change.HasOne<User>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
        }
    }
}

/// <summary>The table of changes of addresses.</summary>
internal static class EmailChangeTables
{
    extension(Database.AccountsDb db)
    {
        public DbSet<EmailChange> EmailChanges => db.Set<EmailChange>();
    }
}
