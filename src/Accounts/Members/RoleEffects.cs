using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Invitations;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Members;

/// <summary>
/// Takes back what members hold beyond what they may do from now on, whatever narrowed it: another role, a transfer of ownership, or a
/// custom role that allows less. Runs in the caller's transaction, under the lock of the organization's row; the caller saves, commits, and
/// then publishes the keys.
/// </summary>
internal sealed class RoleEffects(AccountsDb db, KeyRegister keys, InvitationRegister invitations)
{
    /// <summary>
    /// Revokes open invitations that the member could not send any more, and personal keys in projects that the member may not use any
    /// more; disables the other personal keys of a member who may not make keys.
    /// </summary>
    /// <param name="now">What the member may do from now on.</param>
    /// <returns>The keys that changed.</returns>
    public async Task<IReadOnlyList<Guid>> FollowAsync(
        Guid organizationId, Guid userId, Standing now, Guid? actorId, CancellationToken cancellationToken)
    {
        await invitations.RevokeBeyondAsync(organizationId, userId, now, cancellationToken);
        IReadOnlyList<Guid> disabled = now.May(Permission.ManageKeys)
            ? [] : await keys.DisablePersonalAsync(organizationId, userId, actorId, cancellationToken);
        IReadOnlyList<Guid> revoked = now.May(Permission.ManageProjects)
            ? [] : await keys.RevokeOutsideProjectsAsync(organizationId, userId, actorId, cancellationToken);
        return [.. disabled.Union(revoked)];
    }

    /// <summary>Does so for every member with a custom role, whose new permissions are saved.</summary>
    /// <inheritdoc cref="FollowAsync(Guid, Guid, Standing, Guid?, CancellationToken)"/>
    public async Task<IReadOnlyList<Guid>> FollowAsync(CustomRole role, Guid? actorId, CancellationToken cancellationToken)
    {
        var now = new Standing(MemberRole.Custom, MemberRoles.PermissionsOf(MemberRole.Custom, role));
        var members = await db.Memberships.AsNoTracking()
            .Where(one => one.OrganizationId == role.OrganizationId && one.CustomRoleId == role.Id).Select(one => one.UserId)
            .ToListAsync(cancellationToken);
        List<Guid> changed = [];
        foreach (var member in members)
        {
            changed.AddRange(await FollowAsync(role.OrganizationId, member, now, actorId, cancellationToken));
        }

        return changed;
    }
}
