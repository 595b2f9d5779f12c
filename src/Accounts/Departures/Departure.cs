using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Departures;

/// <summary>
/// How a person or an organization leaves: a state machine in one row. It waits for the end of the grace period, and then takes one step
/// after the other. A step commits together with <see cref="Step"/>; what it does elsewhere may be done twice without harm.
/// </summary>
internal sealed class Departure
{
    public required Guid Id { get; init; }

    public required DepartureKind Kind { get; init; }

    /// <summary>The user or the organization.</summary>
    public required Guid SubjectId { get; init; }

    /// <summary>The departure of the organization's only member, which ends after this one; null for any other.</summary>
    public Guid? ParentId { get; init; }

    public required Guid RequestedBy { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>End of the grace period. It can be cancelled before.</summary>
    public required DateTimeOffset DueAt { get; init; }

    public DepartureStep Step { get; private set; }

    public required DateTimeOffset NextAttemptAt { get; set; }

    /// <summary>Failed attempts at the present step.</summary>
    public int Attempts { get; set; }

    public DateTimeOffset? CancelledAt { get; private set; }

    /// <summary>Null when the platform itself cancelled it.</summary>
    public Guid? CancelledBy { get; private set; }

    public DateTimeOffset? FinishedAt { get; private set; }

    /// <summary>What was destroyed so far.</summary>
    public required DestroyedFacts Destroyed { get; set; }

    /// <summary>The signed text; null before the end.</summary>
    public string? Receipt { get; private set; }

    /// <summary>Id of the pepper behind <see cref="ReceiptMac"/>.</summary>
    public string? ReceiptKey { get; private set; }

    public byte[]? ReceiptMac { get; private set; }

    /// <summary>Whether it was neither cancelled nor finished.</summary>
    public bool IsOpen => CancelledAt is null && FinishedAt is null;

    /// <summary>Whether it still can be cancelled: nothing is destroyed yet.</summary>
    public bool IsWaiting => IsOpen && Step == DepartureStep.Waiting;

    public static Departure Request(
        DepartureKind kind, Guid subjectId, Guid requestedBy, DateTimeOffset now, TimeSpan grace, Guid? parentId = null) => new()
    {
        Id = Guid.CreateVersion7(now),
        Kind = kind,
        SubjectId = subjectId,
        ParentId = parentId,
        RequestedBy = requestedBy,
        RequestedAt = now,
        DueAt = now + grace,
        NextAttemptAt = now + grace,
        Destroyed = new DestroyedFacts(),
    };

    /// <summary>Cancels it. Returns false when that is too late, or done. The caller holds the row's lock.</summary>
    /// <param name="by">Null for the platform itself.</param>
    public bool Cancel(Guid? by, DateTimeOffset now)
    {
        if (!IsWaiting)
        {
            return false;
        }

        (CancelledAt, CancelledBy) = (now, by);
        return true;
    }

    /// <summary>Goes on to the next step. The caller holds the row's lock.</summary>
    public void Advance(DateTimeOffset now)
    {
        Step = (Step, Kind) switch
        {
            (DepartureStep.Waiting, DepartureKind.Account) => DepartureStep.Organizations,
            (DepartureStep.Waiting, _) or (DepartureStep.Organizations, _) => DepartureStep.Keys,
            (DepartureStep.Keys, DepartureKind.Account) => DepartureStep.Names,
            (DepartureStep.Keys, _) => DepartureStep.Contents,
            (DepartureStep.Contents, _) => DepartureStep.Books,
            _ => DepartureStep.Names,
        };
        (NextAttemptAt, Attempts) = (now, 0);
    }

    /// <summary>Ends it with its receipt. The caller holds the row's lock.</summary>
    public void Finish(string receipt, (string Key, byte[] Mac) signature, DateTimeOffset now)
    {
        (Step, FinishedAt, Receipt) = (DepartureStep.Done, now, receipt);
        (ReceiptKey, ReceiptMac) = signature;
    }

    internal sealed class Mapping : IEntityTypeConfiguration<Departure>
    {
        private const string Open = "finished_at is null and cancelled_at is null";

        public void Configure(EntityTypeBuilder<Departure> departure)
        {
            departure.ToTable("departures");
            departure.Property(d => d.Id).ValueGeneratedNever();
            departure.Property(d => d.Destroyed).HasJson();
            departure.Property(d => d.ReceiptKey).HasMaxLength(32);
            departure.HasIndex(d => new { d.Kind, d.SubjectId }).IsUnique().HasFilter(Open);
            departure.HasIndex(d => d.NextAttemptAt).HasFilter(Open);
            departure.HasIndex(d => d.ParentId);
            departure.HasOne<Departure>().WithMany().HasForeignKey(d => d.ParentId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}

/// <summary>What leaves. Numbers are stored.</summary>
internal enum DepartureKind
{
    Account = 0,
    Organization = 1,
}

/// <summary>What a departure does next. Numbers are stored.</summary>
internal enum DepartureStep
{
    /// <summary>Waits for the end of the grace period, and can be cancelled.</summary>
    Waiting = 0,

    /// <summary>Account: waits for the organizations of which the person is the only member.</summary>
    Organizations = 1,

    /// <summary>Revokes keys.</summary>
    Keys = 2,

    /// <summary>Organization: Learning destroys files, models and responses.</summary>
    Contents = 3,

    /// <summary>Organization: Billing removes names from the money.</summary>
    Books = 4,

    /// <summary>Removes names, addresses and memberships here, signs the receipt and mails it.</summary>
    Names = 5,

    Done = 6,
}

/// <summary>What a departure has destroyed. Members that do not belong to its kind are 0.</summary>
internal sealed record DestroyedFacts
{
    public long Keys { get; init; }

    public long Files { get; init; }

    /// <summary>Plain bytes of the files.</summary>
    public long FileBytes { get; init; }

    public long Models { get; init; }

    public long Responses { get; init; }

    /// <summary>Batches and jobs that ran and were ended.</summary>
    public long Jobs { get; init; }

    /// <summary>US dollars that the wallet had; null for an organization without one.</summary>
    public decimal? Balance { get; init; }
}
