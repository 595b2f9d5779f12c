using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Catalogue;

namespace Tollgate.Accounts.Canaries;

/// <summary>
/// A new version that takes a growing share of its model's requests. Only <see cref="CanaryDesk"/> changes it, inside a change of the
/// model's plan. A model has at most one that runs.
/// </summary>
internal sealed class Canary
{
    private const int LongestReason = 1000;

    public required Guid Id { get; init; }

    /// <summary>The model's real name.</summary>
    public required string Model { get; init; }

    public required string Version { get; init; }

    public required string OldVersion { get; init; }

    public required CanaryTerms Terms { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public CanaryState State { get; private set; }

    /// <summary>Of the new version, percent; 100 in the last window.</summary>
    public int Share { get; private set; }

    public DateTimeOffset WindowBeganAt { get; private set; }

    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>Null while it runs.</summary>
    public string? Reason { get; private set; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<CanaryEvent> Events { get; private set; } = [];

    /// <summary>Begins a window with a share.</summary>
    /// <param name="compared">The versions in the window that ended; null at the start.</param>
    public void Give(int share, string text, ComparedFigures? compared, DateTimeOffset now)
    {
        (Share, WindowBeganAt) = (share, now);
        Events = [.. Events, new CanaryEvent(now, share, text, compared?.New, compared?.Old)];
    }

    public void RollBack(string reason, ComparedFigures? compared, DateTimeOffset now)
    {
        Give(0, reason, compared, now);
        End(CanaryState.RolledBack, reason, now);
    }

    public void Finish(string reason, ComparedFigures? compared, DateTimeOffset now)
    {
        Give(100, reason, compared, now);
        End(CanaryState.Done, reason, now);
    }

    private void End(CanaryState state, string reason, DateTimeOffset now) =>
        (State, EndedAt, Reason) = (state, now, reason.Length > LongestReason ? reason[..LongestReason] : reason);

    internal sealed class Mapping : IEntityTypeConfiguration<Canary>
    {
        public void Configure(EntityTypeBuilder<Canary> canary)
        {
            canary.ToTable("canaries");
            canary.Property(c => c.Id).ValueGeneratedNever();
            canary.Property(c => c.Model).HasMaxLength(100);
            canary.Property(c => c.Version).HasMaxLength(100);
            canary.Property(c => c.OldVersion).HasMaxLength(100);
            canary.Property(c => c.Terms).HasJson();
            canary.Property(c => c.Reason).HasMaxLength(LongestReason);
            canary.Property(c => c.Events).HasJson();
            canary.HasIndex(c => c.Model).IsUnique().HasFilter("state = 0");
            canary.HasIndex(c => new { c.Model, c.StartedAt });
        }
    }
}

/// <summary>How both versions did in one window.</summary>
internal sealed record ComparedFigures(VersionFigures New, VersionFigures Old);
