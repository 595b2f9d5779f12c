using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Keys;

/// <summary>An API key as Accounts keeps it: everything but the secret. Rows are never
/// deleted, so that a revoked key stays revoked.</summary>
internal sealed class ApiKey
{
    public required Guid Id { get; init; }

    public required Guid OrganizationId { get; init; }

    public required Guid ProjectId { get; init; }

    /// <summary>The 12 characters after <c>sk-tg-</c>.</summary>
    public required string PublicId { get; init; }

    public required string Name { get; init; }

    public KeyState State { get; private set; }

    /// <summary>Of the last change; greater is newer.</summary>
    public required Guid Version { get; set; }

    /// <summary>One, or two while a rotation overlaps.</summary>
    public required IReadOnlyList<KeySecret> Secrets { get; set; }

    public required Limits Limits { get; set; }

    /// <summary>Endpoints it may call; null all. So too for models and networks.</summary>
    public string[]? Scopes { get; private set; }

    public string[]? ModelsAllowed { get; private set; }

    public string[]? ModelsDenied { get; private set; }

    /// <summary>CIDR form.</summary>
    public string[]? Networks { get; private set; }

    public DateTimeOffset? ExpiresAt { get; private set; }

    /// <summary>The five above; set once when the key is made, then by <see cref="ChangeAccess"/>.</summary>
    public KeyAccess Access
    {
        get => new(Scopes, ModelsAllowed, ModelsDenied, Networks, ExpiresAt);
        init => SetAccess(value);
    }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null for the operator's command line.</summary>
    public Guid? CreatedBy { get; init; }

    public DateTimeOffset? RevokedAt { get; private set; }

    /// <summary>Ends the key for ever. The caller holds the row's lock. False when it was revoked already.</summary>
    public bool Revoke(TimeProvider clock)
    {
        if (!MoveTo(KeyState.Revoked, clock))
        {
            return false;
        }

        RevokedAt = clock.GetUtcNow();
        return true;
    }

    /// <summary>Stops the key until it is enabled. False for a revoked key, or when nothing changes.</summary>
    public bool Disable(TimeProvider clock) => MoveTo(KeyState.Disabled, clock);

    public bool Enable(TimeProvider clock) => MoveTo(KeyState.Active, clock);

    /// <summary>Replaces the key's own limits. False for a revoked key, or when nothing changes.</summary>
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

    /// <summary>Replaces what the key may do. False for a revoked key, or when nothing changes.</summary>
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

    /// <summary>Makes <paramref name="secret"/> the current one. The one before works until <paramref name="overlapEndsAt"/>; one that was
    /// old already ends at once. False for a revoked key.</summary>
    /// <param name="overlapEndsAt">Null when the one before ends at once too.</param>
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

    /// <summary>Ends the old secret of a rotation at once. False when there is none, and for a revoked key.</summary>
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
            key.HasOne<Project>().WithMany().HasForeignKey(k => k.ProjectId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
