using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.Keys;

/// <summary>A program of a project. Its keys belong to no person and outlive whoever made them.</summary>
internal sealed class ServiceAccount
{
    public required Guid Id { get; init; }

    public required Guid OrganizationId { get; init; }

    public required Guid ProjectId { get; init; }

    public required string Name { get; init; }

    /// <summary><see cref="MemberRole.Developer"/>, or <see cref="MemberRole.Reader"/>, whose keys may only look up models.</summary>
    public required MemberRole Role { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The user; null for the operator's command line.</summary>
    public Guid? CreatedBy { get; init; }

    /// <summary>Null while it can have keys. Its keys were revoked then.</summary>
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>What its keys may do at most.</summary>
    public KeyAccess Confine(KeyAccess access) =>
        Role == MemberRole.Reader ? access with { Scopes = [PublicEndpoint.Models.Scope] } : access;

    internal sealed class Mapping : IEntityTypeConfiguration<ServiceAccount>
    {
        public void Configure(EntityTypeBuilder<ServiceAccount> account)
        {
            account.ToTable("service_accounts");
            account.Property(a => a.Id).ValueGeneratedNever();
            account.Property(a => a.Name).HasMaxLength(100);
            account.HasIndex(a => new { a.OrganizationId, a.ProjectId, a.CreatedAt });
            account.HasOne<Project>().WithMany().HasForeignKey(a => new { a.OrganizationId, a.ProjectId })
                .HasPrincipalKey(p => new { p.OrganizationId, p.Id }).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
