using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Catalogue;

namespace Tollgate.Accounts.Catalogue;

/// <summary>The plan of one model. Only <see cref="PlanChange"/> writes it.</summary>
internal sealed class ModelPlanEntry
{
    /// <summary>The model's real name.</summary>
    public required string Model { get; init; }

    public required bool Unloaded { get; set; }

    public required IReadOnlyList<PlannedVersion> Versions { get; set; }

    /// <summary>The running canary, which alone changes the plan; null for none.</summary>
    public Guid? CanaryId { get; set; }

    /// <summary>Measures of the model's versions count from here.</summary>
    public required DateTimeOffset ChangedAt { get; set; }

    public ModelPlan ToPlan() => new(Model, Unloaded, Versions);

    internal sealed class Mapping : IEntityTypeConfiguration<ModelPlanEntry>
    {
        public void Configure(EntityTypeBuilder<ModelPlanEntry> plan)
        {
            plan.ToTable("model_plans");
            plan.HasKey(p => p.Model);
            plan.Property(p => p.Model).HasMaxLength(100);
            plan.Property(p => p.Versions).HasJson();
        }
    }
}
