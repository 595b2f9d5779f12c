using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Outbox;

/// <summary>
/// A message for another component, written in the transaction of its change and kept until that component has taken it.
/// </summary>
internal sealed class OutboxMessage
{
    public required Guid Id { get; init; }

    public required OutboxKind Kind { get; init; }

    /// <summary>Id of the key, organization or user that it concerns; for a page's stored request, an id of that request.</summary>
    public required Guid SubjectId { get; init; }

    /// <summary>JSON; null when the subject's row is enough.</summary>
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

/// <summary>Names of kinds in metrics.</summary>
internal static class OutboxKinds
{
    public static string MetricName(this OutboxKind kind) => kind switch
    {
        OutboxKind.Key => "key",
        OutboxKind.Policy => "policy",
        OutboxKind.Wallet => "wallet",
        OutboxKind.Mail => "mail",
        OutboxKind.SignUp => "sign_up",
        _ => "password_reset",
    };
}

/// <summary>Receiver and content of a message.</summary>
internal enum OutboxKind
{
    /// <summary>To Redis: the record of a key.</summary>
    Key = 0,

    /// <summary>To Redis: the policy of an organization.</summary>
    Policy = 1,

    /// <summary>To Billing: open an organization's wallet.</summary>
    Wallet = 2,

    /// <summary>To a mailbox: an e-mail.</summary>
    Mail = 3,

    /// <summary>To Accounts: a sign-up. Leads to a mail.</summary>
    SignUp = 4,

    /// <summary>To Accounts: a forgotten password. Leads to a mail if the account exists.</summary>
    PasswordReset = 5,
}
