using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Fleet;

/// <summary>A worker that registered itself.</summary>
internal sealed class WorkerEntry
{
    public required string Id { get; init; }

    public required string Url { get; set; }

    /// <summary>Start of its process, by its own clock.</summary>
    public required DateTimeOffset StartedAt { get; set; }

    public required DateTimeOffset LastHeard { get; set; }

    /// <summary>What it said last.</summary>
    public required WorkerStatus Status { get; set; }

    /// <summary>The operator's order to send it nothing new.</summary>
    public bool Drained { get; set; }

    /// <summary>When it stopped in order; null while it should be there.</summary>
    public DateTimeOffset? LeftAt { get; set; }

    /// <summary>With <see cref="LogEnd"/> where its log ended when it left.</summary>
    public Guid? LogId { get; set; }

    public long? LogEnd { get; set; }

    public RegisteredWorker ToDirectory() => new(
        Id, Url, Drained, Status.Draining, LeftAt is not null && LogId is { } log ? new WorkerLogEnd(log, LogEnd ?? 0) : null);

    internal sealed class Mapping : IEntityTypeConfiguration<WorkerEntry>
    {
        public void Configure(EntityTypeBuilder<WorkerEntry> worker)
        {
            worker.ToTable("workers");
            worker.HasKey(w => w.Id);
            worker.Property(w => w.Id).HasMaxLength(100);
            worker.Property(w => w.Url).HasMaxLength(300);
            worker.Property(w => w.Status).HasJson();
        }
    }
}
