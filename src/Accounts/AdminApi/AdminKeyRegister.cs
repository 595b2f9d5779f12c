using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary>Creates, proves and revokes admin keys. A revoked key is refused on the next request, as each is looked up here.</summary>
internal sealed class AdminKeyRegister(
    AccountsDb db, KeyPeppers peppers, AuditTrail audit, IOptions<AdminApiOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>Admin keys that an organization may have at once.</summary>
    public int MostKeys => options.Value.MostKeysPerOrganization;

    /// <summary>Lists the keys of an organization that are not revoked, the oldest first.</summary>
    public Task<List<AdminKey>> ListAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.AdminKeys.AsNoTracking().Where(key => key.OrganizationId == organizationId && key.RevokedAt == null)
            .OrderBy(key => key.CreatedAt).ThenBy(key => key.Id).ToListAsync(cancellationToken);

    /// <summary>Finds a key of the organization, a revoked one too.</summary>
    public Task<AdminKey?> FindAsync(Guid organizationId, Guid keyId, CancellationToken cancellationToken) =>
        db.AdminKeys.AsNoTracking().SingleOrDefaultAsync(
            key => key.OrganizationId == organizationId && key.Id == keyId, cancellationToken);

    /// <summary>Creates a key. Only the result contains its text.</summary>
    /// <param name="keyId">Chosen by the page, so that a form sent twice makes one key.</param>
    /// <param name="ownerId">An owner of the organization.</param>
    public async Task<AdminKeyCreation> CreateAsync(
        Guid keyId, Guid organizationId, string name, DateTimeOffset? expiresAt, Guid ownerId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.LockOrganizationAsync(organizationId, cancellationToken);
        if (!(await db.StandingAsync(organizationId, ownerId, cancellationToken)).IsOwner)
        {
            return new AdminKeyCreation.Forbidden();
        }

        if (await db.AdminKeys.AnyAsync(key => key.Id == keyId, cancellationToken))
        {
            return new AdminKeyCreation.SentTwice();
        }

        var now = clock.GetUtcNow();
        if (await db.AdminKeys.CountAsync(
            key => key.OrganizationId == organizationId && key.RevokedAt == null && (key.ExpiresAt == null || key.ExpiresAt > now),
            cancellationToken) >= MostKeys)
        {
            return new AdminKeyCreation.TooMany();
        }

        var (publicId, secret, text) = ApiKeyText.Create(ApiKeyText.AdminPrefix);
        var stored = peppers.Seal(secret);
        var made = new AdminKey
        {
            Id = keyId,
            OrganizationId = organizationId,
            PublicId = publicId,
            Name = name,
            Mac = stored.Mac,
            PepperId = stored.PepperId,
            CreatedAt = now,
            CreatedBy = ownerId,
            ExpiresAt = expiresAt,
        };
        db.AdminKeys.Add(made);
        audit.Add(
            "admin-key.create", ApiKeyText.AdminPrefix + publicId, organizationId, after: new { Name = name, ExpiresAt = expiresAt });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new AdminKeyCreation.Issued(made, text);
    }

    /// <summary>Revokes a key for good. Returns false when the organization has no such key.</summary>
    public async Task<bool> RevokeAsync(Guid organizationId, Guid keyId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.LockOrganizationAsync(organizationId, cancellationToken);
        var key = await db.AdminKeys.SingleOrDefaultAsync(
            one => one.OrganizationId == organizationId && one.Id == keyId, cancellationToken);
        if (key is null)
        {
            return false;
        }

        if (key.RevokedAt is null)
        {
            key.RevokedAt = clock.GetUtcNow();
            audit.Add("admin-key.revoke", ApiKeyText.AdminPrefix + key.PublicId, organizationId, before: new { key.Name });
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Proves a key and counts a request of it. Sets exactly one of the two.</summary>
    /// <returns>The key is set beside an error too, once its secret is proved.</returns>
    public async Task<(AdminKey? Key, OpenAiError? Refusal)> ProveAsync(string text, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // The key is to tell whose it is.
        if (!ApiKeyText.TryParse(text, out var publicId, out var secret, ApiKeyText.AdminPrefix)
            || await db.AdminKeys.AsNoTracking().SingleOrDefaultAsync(one => one.PublicId == publicId, cancellationToken) is not { } key
            || !peppers.Proves(secret, key.Mac, key.PepperId))
        {
            return (null, OpenAiError.InvalidAdminKey(text)); // A client without the secret learns nothing of the key's state.
        }

        if (key.RevokedAt is not null)
        {
            return (key, OpenAiError.AdminKeyEnded(text, "revoked_api_key", "was revoked"));
        }

        var now = clock.GetUtcNow();
        if (key.ExpiresAt <= now)
        {
            return (key, OpenAiError.AdminKeyEnded(text, "expired_api_key", "has expired"));
        }

        if (!(await db.StandingAsync(key.OrganizationId, key.CreatedBy, cancellationToken)).IsOwner)
        {
            return (key, OpenAiError.AdminKeyEnded(text, "revoked_api_key", "ended: who made it is no owner of the organization any more"));
        }

        if (await db.OrganizationRules.AnyAsync(
            rules => rules.OrganizationId == key.OrganizationId && rules.Suspended, cancellationToken))
        {
            return (key, OpenAiError.OrganizationSuspended());
        }

        return (key, await CountAsync(key, text, now, cancellationToken));
    }

    /// <summary>One statement counts and checks, so that requests at once cannot all pass; it also meets a revocation since.</summary>
    private async Task<OpenAiError?> CountAsync(AdminKey key, string text, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (most, ends) = (options.Value.RequestsPerMinute, now + Window);
        var counted = await db.Database.ExecuteSqlAsync(
            $"""
            update accounts.admin_keys set
              last_used_at = greatest(last_used_at, {now}),
              window_count = case when window_ends_at <= {now} then 1 else window_count + 1 end,
              window_ends_at = case when window_ends_at <= {now} then {ends} else window_ends_at end
            where id = {key.Id} and revoked_at is null and (window_ends_at <= {now} or window_count < {most})
            """,
            cancellationToken);
        if (counted > 0)
        {
            return null;
        }

        var newest = await db.AdminKeys.AsNoTracking().SingleAsync(one => one.Id == key.Id, cancellationToken);
        return newest.RevokedAt is not null
            ? OpenAiError.AdminKeyEnded(text, "revoked_api_key", "was revoked")
            : OpenAiError.AdminRateLimitReached(most, TimeSpan.FromSeconds(Math.Max(1, (newest.WindowEndsAt - now).TotalSeconds)));
    }
}

/// <summary>Result of creating an admin key.</summary>
internal abstract record AdminKeyCreation
{
    private AdminKeyCreation()
    {
    }

    /// <param name="Text">The key's full text, shown only once.</param>
    internal sealed record Issued(AdminKey Key, string Text) : AdminKeyCreation;

    /// <summary>The form was sent twice: the id exists.</summary>
    internal sealed record SentTwice : AdminKeyCreation;

    /// <summary>Who asks is no owner.</summary>
    internal sealed record Forbidden : AdminKeyCreation;

    internal sealed record TooMany : AdminKeyCreation;
}
