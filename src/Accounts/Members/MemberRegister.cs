using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Invitations;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Members;

/// <summary>
/// Changes who belongs to an organization and with which role. Every change runs under the lock of the organization's row and reads there
/// what the acting member may do, so a form of a page that was open before a demotion is refused.
/// </summary>
internal sealed class MemberRegister(
    AccountsDb db, KeyRegister keys, InvitationRegister invitations, RoleEffects effects, AuditTrail audit)
{
    /// <summary>Lists the members of an organization, the one joined first at the front.</summary>
    public Task<List<Member>> ListAsync(Guid organizationId, CancellationToken cancellationToken) =>
        Members(organizationId).OrderBy(member => member.JoinedAt).ThenBy(member => member.UserId).ToListAsync(cancellationToken);

    /// <summary>Finds a member of the organization; null for another organization's.</summary>
    public Task<Member?> FindAsync(Guid organizationId, Guid userId, CancellationToken cancellationToken) =>
        Members(organizationId).SingleOrDefaultAsync(member => member.UserId == userId, cancellationToken);

    /// <summary>
    /// Gives a member another role. Without the permission to make keys the member's personal keys are disabled in the same transaction.
    /// </summary>
    /// <param name="actorId">The acting user; null for the operator's doors and the admin API.</param>
    public Task<MemberChange> ChangeRoleAsync(
        Guid organizationId, Guid? actorId, Guid userId, RoleChoice choice, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, actorId, userId, async change =>
        {
            var custom = await db.CustomRoleAsync(organizationId, choice.CustomRoleId, cancellationToken);
            if ((choice.Role == MemberRole.Custom) != (custom is not null))
            {
                return MemberChange.UnknownRole;
            }

            if (!change.Actor.MayTouch(choice.Role, custom))
            {
                return MemberChange.Forbidden;
            }

            if (change.Member.Role == MemberRole.Owner && choice.Role != MemberRole.Owner
                && !await HasOtherOwnerAsync(organizationId, userId, cancellationToken))
            {
                return MemberChange.LastOwner;
            }

            if (change.Member.Role == choice.Role && change.Member.CustomRoleId == choice.CustomRoleId)
            {
                return MemberChange.Done;
            }

            await SetRoleAsync(organizationId, userId, choice, cancellationToken);
            audit.Add(
                "member.role", userId.ToString(), organizationId,
                new { Role = RoleChoice.NameOf(change.Member.Role, change.Custom) }, new { Role = RoleChoice.NameOf(choice.Role, custom) });
            change.Keys.AddRange(await effects.FollowAsync(
                organizationId, userId, new Standing(choice.Role, MemberRoles.PermissionsOf(choice.Role, custom)), actorId,
                cancellationToken));
            return MemberChange.Done;
        }, cancellationToken);

    /// <summary>
    /// Ends a membership: of another member, or the own one, which any member may end. Revokes the member's personal keys in the same
    /// transaction; keys of service accounts stay.
    /// </summary>
    public Task<MemberChange> RemoveAsync(Guid organizationId, Guid? actorId, Guid userId, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, actorId, userId, async change =>
        {
            if (change.Member.Role == MemberRole.Owner && !await HasOtherOwnerAsync(organizationId, userId, cancellationToken))
            {
                return MemberChange.LastOwner;
            }

            await db.Memberships.Where(one => one.OrganizationId == organizationId && one.UserId == userId)
                .ExecuteDeleteAsync(cancellationToken);
            audit.Add(
                actorId == userId ? "member.leave" : "member.remove", userId.ToString(), organizationId,
                new { Role = RoleChoice.NameOf(change.Member.Role, change.Custom) });
            change.Keys.AddRange(await keys.RevokePersonalAsync(organizationId, userId, actorId, cancellationToken));
            await invitations.RevokeBeyondAsync(
                organizationId, userId, new Standing(null, MemberRoles.PermissionsOf(MemberRole.Custom)), cancellationToken);
            return MemberChange.Done;
        }, cancellationToken, mayAlwaysLeave: true);

    /// <summary>Makes a member an owner and the acting owner an admin, both or neither.</summary>
    public Task<MemberChange> TransferAsync(Guid organizationId, Guid actorId, Guid userId, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, actorId, userId, async change =>
        {
            if (!change.Actor.IsOwner || actorId == userId)
            {
                return MemberChange.Forbidden;
            }

            await SetRoleAsync(organizationId, userId, new RoleChoice(MemberRole.Owner), cancellationToken);
            await SetRoleAsync(organizationId, actorId, new RoleChoice(MemberRole.Admin), cancellationToken);
            audit.Add(
                "organization.transfer", organizationId.ToString(), organizationId, new { Owner = actorId }, new { Owner = userId });
            change.Keys.AddRange(await effects.FollowAsync(
                organizationId, actorId, new Standing(MemberRole.Admin, MemberRoles.PermissionsOf(MemberRole.Admin)), actorId,
                cancellationToken));
            return MemberChange.Done;
        }, cancellationToken);

    private IQueryable<Member> Members(Guid organizationId) =>
        from membership in db.Memberships.AsNoTracking()
        where membership.OrganizationId == organizationId
        join user in db.Users on membership.UserId equals user.Id
        join role in db.CustomRoles on membership.CustomRoleId equals (Guid?)role.Id into roles
        from custom in roles.DefaultIfEmpty()
        select new Member
        {
            UserId = user.Id, Email = user.Email!, Role = membership.Role, Custom = custom, JoinedAt = membership.JoinedAt,
        };

    /// <param name="change">Runs under the lock, after it is certain that the actor may touch the member's present role.</param>
    /// <param name="mayAlwaysLeave">Whether the acting member needs no permission for the own membership.</param>
    private async Task<MemberChange> ChangeAsync(
        Guid organizationId, Guid? actorId, Guid userId, Func<RunningChange, Task<MemberChange>> change,
        CancellationToken cancellationToken, bool mayAlwaysLeave = false)
    {
        RunningChange running;
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            await db.LockOrganizationAsync(organizationId, cancellationToken);
            var actor = await db.StandingAsync(organizationId, actorId, cancellationToken);
            var member = await db.Memberships.AsNoTracking().SingleOrDefaultAsync(
                one => one.OrganizationId == organizationId && one.UserId == userId, cancellationToken);
            if (member is null || actor.Role is null)
            {
                return MemberChange.NotFound;
            }

            var custom = await db.CustomRoleAsync(organizationId, member.CustomRoleId, cancellationToken);
            if (!actor.MayTouch(member.Role, custom) && !(mayAlwaysLeave && actorId == userId))
            {
                return MemberChange.Forbidden;
            }

            running = new RunningChange(actor, member, custom, []);
            if (await change(running) is var outcome and not MemberChange.Done)
            {
                return outcome;
            }

            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await keys.PublishAllAsync(running.Keys);
        return MemberChange.Done;
    }

    private Task<int> SetRoleAsync(Guid organizationId, Guid userId, RoleChoice choice, CancellationToken cancellationToken) =>
        db.Memberships.Where(one => one.OrganizationId == organizationId && one.UserId == userId).ExecuteUpdateAsync(
            set => set.SetProperty(one => one.Role, choice.Role).SetProperty(one => one.CustomRoleId, choice.CustomRoleId),
            cancellationToken);

    private Task<bool> HasOtherOwnerAsync(Guid organizationId, Guid userId, CancellationToken cancellationToken) =>
        db.Memberships.AnyAsync(
            one => one.OrganizationId == organizationId && one.UserId != userId && one.Role == MemberRole.Owner, cancellationToken);

    /// <summary>A change under the lock.</summary>
    /// <param name="Keys">Keys that it changed, to publish after the commit.</param>
    private sealed record RunningChange(Standing Actor, Membership Member, CustomRole? Custom, List<Guid> Keys);
}

/// <summary>A member as pages and the admin API show one.</summary>
internal sealed class Member
{
    public required Guid UserId { get; init; }

    public required string Email { get; init; }

    public required MemberRole Role { get; init; }

    /// <summary>The definition of <see cref="MemberRole.Custom"/>; null for the other roles.</summary>
    public required CustomRole? Custom { get; init; }

    public required DateTimeOffset JoinedAt { get; init; }

    public string RoleName => RoleChoice.NameOf(Role, Custom);
}

/// <summary>Result of a change of a member.</summary>
internal enum MemberChange
{
    /// <summary>It is so now, or was before.</summary>
    Done,

    /// <summary>No such member in the organization, or the acting user is none. 404.</summary>
    NotFound,

    /// <summary>The acting member's role does not allow it. 403.</summary>
    Forbidden,

    /// <summary>The organization would be left without an owner. 409.</summary>
    LastOwner,

    /// <summary>No such role in the organization. 400.</summary>
    UnknownRole,
}

/// <summary>Statuses and texts of <see cref="MemberChange"/>.</summary>
internal static class MemberChanges
{
    public static int Status(this MemberChange change) => change switch
    {
        MemberChange.NotFound => StatusCodes.Status404NotFound,
        MemberChange.Forbidden => StatusCodes.Status403Forbidden,
        MemberChange.LastOwner => StatusCodes.Status409Conflict,
        MemberChange.UnknownRole => StatusCodes.Status400BadRequest,
        _ => StatusCodes.Status200OK,
    };

    public static string Text(this MemberChange change) => change switch
    {
        MemberChange.NotFound => "There is no such member any more.",
        MemberChange.Forbidden =>
            "Your role does not allow this: only owners change owners, and nobody gives or takes more than they may do.",
        MemberChange.LastOwner => "This is the last owner. Make another member an owner first.",
        MemberChange.UnknownRole => "There is no such role in this organization.",
        _ => "Saved.",
    };
}
