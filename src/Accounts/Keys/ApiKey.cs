using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Records;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Keys;

/// <summary>
/// An API key as Accounts stores it, with MACs instead of its secrets. Rows are never deleted, so a revoked key stays revoked.
/// </summary>
internal sealed class ApiKey
{
    public required Guid Id { get; init; }

    public required Guid OrganizationId { get; init; }

    public required Guid ProjectId { get; init; }

    /// <summary>The 12 characters after <c>sk-tg-</c>.</summary>
    public required string PublicId { get; init; }

    public required string Name { get; init; }

    /// <summary>The member whose key it is; it ends with the membership. Null for a service account's key.</summary>
    public Guid? OwnerId { get; init; }

    /// <summary>Null for a member's key. Both are null for a key of the operator's command line.</summary>
    public Guid? ServiceAccountId { get; init; }

    public KeyState State { get; private set; }

    /// <summary>Version of the last change; a greater one is newer.</summary>
    public required Guid Version { get; set; }

    /// <summary>One secret, or two while a rotation overlaps.</summary>
    public required IReadOnlyList<KeySecret> Secrets { get; set; }

    public required Limits Limits { get; set; }

    /// <summary>Endpoints that the key may call. Null allows all, as it does for models and networks.</summary>
    public string[]? Scopes { get; private set; }

    public string[]? ModelsAllowed { get; private set; }

    public string[]? ModelsDenied { get; private set; }

    /// <summary>Networks in CIDR form.</summary>
    public string[]? Networks { get; private set; }

    public DateTimeOffset? ExpiresAt { get; private set; }

    /// <summary>Groups the five properties above. Set once at creation, then through <see cref="ChangeAccess"/>.</summary>
    public KeyAccess Access
    {
        get => new(Scopes, ModelsAllowed, ModelsDenied, Networks, ExpiresAt);
        init => SetAccess(value);
    }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null when the operator's command line created the key.</summary>
    public Guid? CreatedBy { get; init; }

    public DateTimeOffset? RevokedAt { get; private set; }

    /// <summary>Revokes the key permanently. The caller holds the row's lock. Returns false when it is already revoked.</summary>
    public bool Revoke(TimeProvider clock)
    {
        if (!MoveTo(KeyState.Revoked, clock))
        {
            return false;
        }

        RevokedAt = clock.GetUtcNow();
        return true;
    }

    /// <summary>Stops the key until it is enabled. Returns false for a revoked key, or when nothing changes.</summary>
    public bool Disable(TimeProvider clock) => MoveTo(KeyState.Disabled, clock);

    public bool Enable(TimeProvider clock) => MoveTo(KeyState.Active, clock);

    /// <summary>Replaces the key's own limits. Returns false for a revoked key, or when nothing changes.</summary>
    public bool ChangeLimits(Limits limits, TimeProvider clock)
    {
        if (State == KeyState.Revoked || Limits == limits)
        {
            return false;
        }

        Limits = limits;
        Version = RowVersion.After(Version, clock);
        return true;
    }

    /// <summary>Replaces what the key may do. Returns false for a revoked key, or when nothing changes.</summary>
    public bool ChangeAccess(KeyAccess access, TimeProvider clock)
    {
        if (State == KeyState.Revoked || Access == access)
        {
            return false;
        }

        SetAccess(access);
        Version = RowVersion.After(Version, clock);
        return true;
    }

    /// <summary>
    /// Makes <paramref name="secret"/> the current secret. The previous one works until <paramref name="overlapEndsAt"/>; an older one
    /// ends at once. Returns false for a revoked key.
    /// </summary>
    /// <param name="overlapEndsAt">Null ends the previous secret at once too.</param>
    public bool Rotate(KeySecret secret, DateTimeOffset? overlapEndsAt, TimeProvider clock)
    {
        if (State == KeyState.Revoked)
        {
            return false;
        }

        var current = Secrets.Single(s => s.NotAfter is null);
        Secrets = overlapEndsAt is null ? [secret] : [secret, current with { NotAfter = overlapEndsAt }];
        Version = RowVersion.After(Version, clock);
        return true;
    }

    /// <summary>Ends the old secret of a rotation at once. Returns false when there is none, and for a revoked key.</summary>
    public bool EndOverlap(TimeProvider clock)
    {
        if (State == KeyState.Revoked || Secrets.Count == 1)
        {
            return false;
        }

        Secrets = [Secrets.Single(s => s.NotAfter is null)];
        Version = RowVersion.After(Version, clock);
        return true;
    }

    public KeyRecord ToRecord() => new()
    {
        PublicId = PublicId,
        KeyId = Id,
        OrganizationId = OrganizationId,
        ProjectId = ProjectId,
        Version = Version,
        State = State,
        Secrets = Secrets,
        ExpiresAt = ExpiresAt,
        Scopes = Scopes,
        ModelsAllowed = ModelsAllowed,
        ModelsDenied = ModelsDenied,
        Networks = Networks,
        Limits = Limits,
    };

    private void SetAccess(KeyAccess access) =>
        (Scopes, ModelsAllowed, ModelsDenied, Networks, ExpiresAt) =
            (access.Scopes, access.ModelsAllowed, access.ModelsDenied, access.Networks, access.ExpiresAt);

    private bool MoveTo(KeyState state, TimeProvider clock)
    {
        if (State == KeyState.Revoked || State == state)
        {
            return false;
        }

        State = state;
        Version = RowVersion.After(Version, clock);
        return true;
    }

    internal sealed class Mapping : IEntityTypeConfiguration<ApiKey>
    {
        public void Configure(EntityTypeBuilder<ApiKey> key)
        {
            key.ToTable("api_keys");
            key.Property(k => k.Id).ValueGeneratedNever();
            key.Property(k => k.PublicId).HasMaxLength(ApiKeyText.PublicIdLength);
            key.Property(k => k.Name).HasMaxLength(100);
            key.Property(k => k.Secrets).HasJson();
            key.Property(k => k.Limits).HasJson();
            key.Ignore(k => k.Access);
            key.HasIndex(k => k.PublicId).IsUnique();
            key.HasIndex(k => new { k.OrganizationId, k.CreatedAt });
            key.HasOne<Organization>().WithMany().HasForeignKey(k => k.OrganizationId).OnDelete(DeleteBehavior.Restrict);
            key.HasIndex(k => new { k.OrganizationId, k.OwnerId });
            key.HasOne<ServiceAccount>().WithMany().HasForeignKey(k => k.ServiceAccountId).OnDelete(DeleteBehavior.Restrict);
            key.HasOne<Project>().WithMany().HasForeignKey(k => k.ProjectId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
