using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Canaries;

/// <summary>How a version did since its model's plan changed last. Only <see cref="MeasureBook"/> writes it.</summary>
internal sealed class MeasuredVersion
{
    public required string Model { get; init; }

    public required string Version { get; init; }

    /// <summary>Whether these were copies.</summary>
    public required bool Shadow { get; init; }

    /// <summary>When the plan that was measured began. A row of an earlier plan counts as missing.</summary>
    public required DateTimeOffset Since { get; init; }

    public required long Requests { get; init; }

    public required long Failures { get; init; }

    /// <summary>Of the answered requests, by <see cref="Contracts.Catalogue.DurationBuckets"/>.</summary>
    public required long[] Durations { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<MeasuredVersion>
    {
        public void Configure(EntityTypeBuilder<MeasuredVersion> version)
        {
            version.ToTable("version_measures");
            version.HasKey(v => new { v.Model, v.Version, v.Shadow });
            version.Property(v => v.Model).HasMaxLength(100);
            version.Property(v => v.Version).HasMaxLength(100);
        }
    }
}

/// <summary>The last report taken from one boot of a gateway.</summary>
internal sealed class TakenVersionReport
{
    public required Guid Gateway { get; init; }

    public required long Boot { get; init; }

    public required long Sequence { get; init; }

    public required DateTimeOffset TakenAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<TakenVersionReport>
    {
        public void Configure(EntityTypeBuilder<TakenVersionReport> report)
        {
            report.ToTable("version_reports");
            report.HasKey(r => new { r.Gateway, r.Boot });
        }
    }
}
