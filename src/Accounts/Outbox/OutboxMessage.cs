using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Outbox;

/// <summary>Something another part must learn, written in the transaction of the change
/// itself and kept until that part has taken it.</summary>
internal sealed class OutboxMessage
{
    public required Guid Id { get; init; }

    public required OutboxKind Kind { get; init; }

    /// <summary>Id of the key, the organization or the user that it is about.</summary>
    public required Guid SubjectId { get; init; }

    /// <summary>JSON; null where the subject's row says it all.</summary>
    public string? Payload { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset NextAttemptAt { get; init; }

    public int Attempts { get; init; }

    public static OutboxMessage Create(OutboxKind kind, Guid subjectId, DateTimeOffset now, string? payload = null) => new()
    {
        Id = Guid.CreateVersion7(now),
        Kind = kind,
        SubjectId = subjectId,
        Payload = payload,
        CreatedAt = now,
        NextAttemptAt = now,
    };

    internal sealed class Mapping : IEntityTypeConfiguration<OutboxMessage>
    {
        public void Configure(EntityTypeBuilder<OutboxMessage> message)
        {
            message.ToTable("outbox");
            message.Property(m => m.Id).ValueGeneratedNever();
            message.Property(m => m.Payload).HasColumnType("jsonb");
            message.HasIndex(m => m.NextAttemptAt);
            message.HasIndex(m => new { m.Kind, m.SubjectId });
        }
    }
}

/// <summary>Who must learn what.</summary>
internal enum OutboxKind
{
    /// <summary>Redis: the record of a key.</summary>
    Key = 0,

    /// <summary>Redis: the policy of an organization.</summary>
    Policy = 1,

    /// <summary>Billing: open an organization's wallet.</summary>
    Wallet = 2,

    /// <summary>A mailbox: an e-mail.</summary>
    Mail = 3,

    /// <summary>The accounts: a sign-up. Becomes a mail.</summary>
    SignUp = 4,

    /// <summary>The accounts: somebody forgot a password. Becomes a mail where there is an account.</summary>
    PasswordReset = 5,
}
