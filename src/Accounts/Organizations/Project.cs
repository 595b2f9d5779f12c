using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Organizations;

/// <summary>
/// A part of an organization with keys, members, models and limits of its own. Part of the organization's policy: whoever changes one holds
/// the lock of the organization's rules and raises their version, as <see cref="PolicyRegister.ChangeProjectAsync"/> does.
/// </summary>
internal sealed class Project
{
    public required Guid Id { get; init; }

    public required Guid OrganizationId { get; init; }

    public required string Name { get; set; }

    /// <summary>The one that every member may use. It cannot be archived.</summary>
    public required bool IsDefault { get; init; }

    public required Limits Limits { get; set; }

    /// <summary>Spend in a UTC month at which pages warn, nano-dollars; refuses nothing. Null for none.</summary>
    public long? SoftBudgetNanoUsd { get; set; }

    /// <summary>Real names or aliases that the project's keys may call; null for all.</summary>
    public string[]? ModelsAllowed { get; private set; }

    /// <summary>Real names or aliases that they may not call; overrides <see cref="ModelsAllowed"/>.</summary>
    public string[]? ModelsDenied { get; private set; }

    /// <summary>Whether responses of <c>/v1/responses</c> may be kept. Default true.</summary>
    public bool KeepsResponses { get; private set; } = true;

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null while its keys work. An archive is for good.</summary>
    public DateTimeOffset? ArchivedAt { get; private set; }

    /// <summary>Allows responses to be kept, or forbids it. Returns false when nothing changes.</summary>
    public bool KeepResponses(bool keeps)
    {
        var changes = KeepsResponses != keeps;
        KeepsResponses = keeps;
        return changes;
    }

    /// <summary>Replaces the lists of models. Returns false when nothing changes.</summary>
    public bool ChangeModels(string[]? allowed, string[]? denied)
    {
        var changes = !Same(ModelsAllowed, allowed) || !Same(ModelsDenied, denied);
        (ModelsAllowed, ModelsDenied) = (allowed, denied);
        return changes;
    }

    /// <summary>Ends the project. Returns false for the default project, and when it has ended already.</summary>
    public bool Archive(DateTimeOffset now)
    {
        if (IsDefault || ArchivedAt is not null)
        {
            return false;
        }

        ArchivedAt = now;
        return true;
    }

    /// <summary>What gateways must know besides its limits; null when they need nothing.</summary>
    public ProjectRules? ToRules() => ArchivedAt is null && ModelsAllowed is null && ModelsDenied is null ? null : new ProjectRules
    {
        Name = Name,
        Archived = ArchivedAt is not null,
        ModelsAllowed = ModelsAllowed,
        ModelsDenied = ModelsDenied,
    };

    private static bool Same(string[]? one, string[]? other) =>
        one is null || other is null ? one == other : one.AsSpan().SequenceEqual(other);

    internal sealed class Mapping : IEntityTypeConfiguration<Project>
    {
        public void Configure(EntityTypeBuilder<Project> project)
        {
            project.ToTable("projects");
            project.Property(p => p.Id).ValueGeneratedNever();
            project.Property(p => p.Name).HasMaxLength(100);
            project.Property(p => p.Limits).HasJson();
            project.HasAlternateKey(p => new { p.OrganizationId, p.Id });
            project.HasIndex(p => p.OrganizationId).IsUnique().HasFilter("is_default").HasDatabaseName("one_default_project");
            project.HasOne<Organization>().WithMany().HasForeignKey(p => p.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
