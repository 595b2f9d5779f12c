using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Learning;

/// <summary>A key on whose behalf a member runs something: its limits hold, and its usage rows show it.</summary>
/// <param name="PublicId">The 12 characters after <c>sk-tg-</c>.</param>
/// <param name="Scopes">What the key may call; null for everything.</param>
public sealed record RunKey(Guid Id, string PublicId, string Name, IReadOnlyList<string>? Scopes);

/// <summary>
/// Lists the keys of the member's project that can run something: active, not expired, with the scope, and of no other person.
/// </summary>
internal sealed class RunKeys(AccountsDb db, Workspace workspace, TimeProvider clock)
{
    /// <summary>Keys that a form offers, newest first.</summary>
    private const int MostOffered = 500;

    /// <param name="scope">Of <see cref="Contracts.OpenAi.PublicEndpoint"/>.</param>
    public async Task<IReadOnlyList<RunKey>> ListAsync(string scope, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var keys = await db.ApiKeys.AsNoTracking()
            .Where(key => key.OrganizationId == workspace.OrganizationId && key.ProjectId == workspace.ProjectId
                && (key.OwnerId == null || key.OwnerId == workspace.UserId)
                && key.State == KeyState.Active && (key.ExpiresAt == null || key.ExpiresAt > now))
            .OrderByDescending(key => key.CreatedAt).Take(MostOffered)
            .ToListAsync(cancellationToken);
        return [.. keys.Where(key => key.Scopes?.Contains(scope) != false)
            .Select(key => new RunKey(key.Id, key.PublicId, key.Name, key.Scopes))];
    }

    /// <summary>Finds an offered key. Null for any other, another project's and a revoked one included.</summary>
    public async Task<RunKey?> FindAsync(string scope, string? publicId, CancellationToken cancellationToken) =>
        (await ListAsync(scope, cancellationToken)).FirstOrDefault(key => key.PublicId == publicId);
}
