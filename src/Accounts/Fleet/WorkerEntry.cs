using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Fleet;

/// <summary>A worker that registered itself.</summary>
internal sealed class WorkerEntry
{
    public required string Id { get; init; }

    public required string Url { get; set; }

    /// <summary>Start of the worker's process, by the worker's clock.</summary>
    public required DateTimeOffset StartedAt { get; set; }

    public required DateTimeOffset LastHeard { get; set; }

    /// <summary>The last reported status.</summary>
    public required WorkerStatus Status { get; set; }

    /// <summary>Whether the operator ordered to send it no new requests.</summary>
    public bool Drained { get; set; }

    /// <summary>When it stopped cleanly; null while it should be running.</summary>
    public DateTimeOffset? LeftAt { get; set; }

    /// <summary>The worker's log when it left; <see cref="LogEnd"/> is the position where that log ended.</summary>
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
