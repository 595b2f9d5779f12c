using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Records;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Organizations;

/// <summary>
/// Rules of an organization for gateways, with the version of the last change. Published as an <see cref="OrganizationPolicy"/>.
/// </summary>
internal sealed class OrganizationRules
{
    public required Guid OrganizationId { get; init; }

    public required Guid Version { get; set; }

    public bool Suspended { get; private set; }

    /// <summary>The operator's reason; shown to operators only.</summary>
    public string? SuspendedReason { get; private set; }

    /// <summary>When the organization is deleted unless an owner cancels before. Gateways refuse its requests from the request on, and for
    /// ever once it is deleted. Null for any other.</summary>
    public DateTimeOffset? ClosesAt { get; private set; }

    public required Limits Limits { get; set; }

    /// <summary>Limits per model, by the model's real name.</summary>
    public required IReadOnlyDictionary<string, Limits> Models { get; init; }

    /// <summary>
    /// Makes gateways refuse the organization's requests. Returns false when nothing changes. The caller holds the row's lock.
    /// </summary>
    public bool Suspend(string? reason, TimeProvider clock) => Change(suspended: true, reason, clock);

    /// <summary>Lifts a suspension. Returns false when nothing changes.</summary>
    public bool Unsuspend(TimeProvider clock) => Change(suspended: false, null, clock);

    /// <summary>Makes gateways refuse the organization's requests because it leaves. The caller holds the row's lock.</summary>
    public void Close(DateTimeOffset at, TimeProvider clock)
    {
        ClosesAt = at;
        Version = RowVersion.After(Version, clock);
    }

    /// <summary>Takes <see cref="Close"/> back. A suspension by the operator stays.</summary>
    public void Reopen(TimeProvider clock)
    {
        ClosesAt = null;
        Version = RowVersion.After(Version, clock);
    }

    /// <summary>Replaces the organization's own limits. Returns false when nothing changes.</summary>
    public bool ChangeLimits(Limits limits, TimeProvider clock)
    {
        if (Limits == limits)
        {
            return false;
        }

        Limits = limits;
        Version = RowVersion.After(Version, clock);
        return true;
    }

    /// <summary>Whether responses of projects that have not decided themselves are not kept. Default false.</summary>
    public bool KeepsNoResponses { get; private set; }

    /// <summary>Whether responses of a project may be kept.</summary>
    public bool Keeps(Project project) => project.DecidesRetention ? project.KeepsResponses : !KeepsNoResponses;

    /// <summary>Decides for projects that have not decided themselves. Returns false when nothing changes.</summary>
    public bool KeepNoResponses(bool keepsNone, TimeProvider clock)
    {
        if (KeepsNoResponses == keepsNone)
        {
            return false;
        }

        KeepsNoResponses = keepsNone;
        Version = RowVersion.After(Version, clock);
        return true;
    }

    /// <summary>Makes gateways read the policy again, after a change of a project that is part of it.</summary>
    public void RaiseVersion(TimeProvider clock) => Version = RowVersion.After(Version, clock);

    public OrganizationPolicy ToPolicy(IReadOnlyList<Project> projects) => new()
    {
        OrganizationId = OrganizationId,
        Version = Version,
        Suspended = Suspended || ClosesAt is not null,
        Limits = Limits,
        Projects = projects.Where(p => p.Limits != Limits.None).ToDictionary(p => p.Id.ToString("N"), p => p.Limits),
        ProjectRules = projects.Select(p => (p.Id, Rules: p.ToRules())).Where(p => p.Rules is not null)
            .ToDictionary(p => p.Id.ToString("N"), p => p.Rules!) is { Count: > 0 } rules ? rules : null,
        KeepNoResponses = projects.Where(p => !Keeps(p)).Select(p => p.Id.ToString("N")).ToArray() is { Length: > 0 } some
            ? some : null,
        Models = Models,
    };

    private bool Change(bool suspended, string? reason, TimeProvider clock)
    {
        if (Suspended == suspended)
        {
            return false;
        }

        Suspended = suspended;
        SuspendedReason = reason;
        Version = RowVersion.After(Version, clock);
        return true;
    }

    internal sealed class Mapping : IEntityTypeConfiguration<OrganizationRules>
    {
        public void Configure(EntityTypeBuilder<OrganizationRules> rules)
        {
            rules.ToTable("organization_policies");
            rules.HasKey(r => r.OrganizationId);
            rules.Property(r => r.OrganizationId).ValueGeneratedNever();
            rules.Property(r => r.SuspendedReason).HasMaxLength(500);
            rules.Property(r => r.Limits).HasJson();
            rules.Property(r => r.Models).HasJson();
            rules.HasOne<Organization>().WithOne().HasForeignKey<OrganizationRules>(r => r.OrganizationId).OnDelete(
                DeleteBehavior.Restrict);
        }
    }
}
