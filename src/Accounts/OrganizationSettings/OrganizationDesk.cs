using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Invitations;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Members;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;

namespace Tollgate.Accounts.OrganizationSettings;

/// <summary>Changes an organization's name and custom roles, under the lock of its row.</summary>
internal sealed class OrganizationDesk(
    AccountsDb db, KeyRegister keys, RoleEffects effects, AuditTrail audit, OutboxSignal signal, TimeProvider clock)
{
    /// <summary>Most custom roles of one organization.</summary>
    internal const int MostRoles = 50;

    /// <summary>Renames the organization. The outbox brings the name to Billing, which shows it on statements.</summary>
    /// <param name="actorId">The acting user; null for the operator's doors and the admin API.</param>
    public Task<OrganizationChange> RenameAsync(
        Guid organizationId, Guid? actorId, string name, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, actorId, async _ =>
        {
            var organization = await db.Organizations.SingleAsync(one => one.Id == organizationId, cancellationToken);
            if (organization.Name == name)
            {
                return OrganizationChange.Done;
            }

            audit.Add("organization.rename", organizationId.ToString(), organizationId, new { organization.Name }, new { Name = name });
            organization.Name = name;
            db.Outbox.Add(OutboxMessage.Create(
                OutboxKind.Wallet, organizationId, clock.GetUtcNow(),
                JsonSerializer.Serialize(new OpenWallet(name, WelcomeCreditFor: null), ContractsJson.Default.OpenWallet)));
            return OrganizationChange.Done;
        }, cancellationToken);

    /// <summary>Makes a custom role, or changes it together with what its members may do.</summary>
    /// <param name="roleId">An id that the page chose for a new role, so a form sent twice makes one.</param>
    public async Task<OrganizationChange> SaveRoleAsync(
        Guid organizationId, Guid? actorId, Guid roleId, string name, IReadOnlySet<Permission> permissions,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<Guid> changed = [];
        var outcome = await ChangeAsync(organizationId, actorId, async actor =>
        {
            var roles = await db.CustomRoles.Where(one => one.OrganizationId == organizationId).ToListAsync(cancellationToken);
            var role = roles.Find(one => one.Id == roleId);
            if (!permissions.IsSubsetOf(actor.Permissions) || role?.Granted.IsSubsetOf(actor.Permissions) == false)
            {
                return OrganizationChange.Forbidden; // Else a member could widen the own role.
            }

            if (role is null && await IsAnothersAsync(roleId, cancellationToken))
            {
                return OrganizationChange.NotFound;
            }

            if (roles.Exists(one => one.Id != roleId && string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase)))
            {
                return OrganizationChange.NameTaken;
            }

            if (role is null && roles.Count >= MostRoles)
            {
                return OrganizationChange.TooMany;
            }

            var names = permissions.Order().Select(one => one.ToString()).ToArray();
            var before = role is null ? null : new { role.Name, role.Permissions };
            if (role is null)
            {
                role = new CustomRole
                {
                    Id = roleId, OrganizationId = organizationId, Name = name, Permissions = names, CreatedAt = clock.GetUtcNow(),
                };
                db.CustomRoles.Add(role);
            }
            else
            {
                (role.Name, role.Permissions) = (name, names);
            }

            audit.Add(
                before is null ? "role.create" : "role.change", roleId.ToString(), organizationId, before,
                new { role.Name, role.Permissions });
            await db.SaveChangesAsync(cancellationToken); // What follows reads the new permissions.
            changed = await effects.FollowAsync(role, actorId, cancellationToken);
            return OrganizationChange.Done;
        }, cancellationToken);
        await keys.PublishAllAsync(changed);
        return outcome;
    }

    /// <summary>Deletes a custom role that no member has and no open invitation gives.</summary>
    public Task<OrganizationChange> DeleteRoleAsync(
        Guid organizationId, Guid? actorId, Guid roleId, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, actorId, async _ =>
        {
            var role = await db.CustomRoles.SingleOrDefaultAsync(
                one => one.OrganizationId == organizationId && one.Id == roleId, cancellationToken);
            if (role is null)
            {
                return OrganizationChange.NotFound;
            }

            if (await db.Memberships.AnyAsync(one => one.CustomRoleId == roleId, cancellationToken)
                || await db.OpenInvitations.AnyAsync(one => one.CustomRoleId == roleId, cancellationToken))
            {
                return OrganizationChange.InUse;
            }

            db.CustomRoles.Remove(role);
            audit.Add("role.delete", roleId.ToString(), organizationId, new { role.Name, role.Permissions });
            return OrganizationChange.Done;
        }, cancellationToken);

    private async Task<bool> IsAnothersAsync(Guid roleId, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // Ids are one space.
        return await db.CustomRoles.AnyAsync(one => one.Id == roleId, cancellationToken);
    }

    private async Task<OrganizationChange> ChangeAsync(
        Guid organizationId, Guid? actorId, Func<Standing, Task<OrganizationChange>> change, CancellationToken cancellationToken)
    {
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            await db.LockOrganizationAsync(organizationId, cancellationToken);
            var actor = await db.StandingAsync(organizationId, actorId, cancellationToken);
            if (!actor.May(Permission.ManageOrganization))
            {
                return OrganizationChange.Forbidden;
            }

            if (await change(actor) is var outcome and not OrganizationChange.Done)
            {
                return outcome;
            }

            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        signal.Raise();
        return OrganizationChange.Done;
    }
}

/// <summary>Result of a change of an organization.</summary>
internal enum OrganizationChange
{
    /// <summary>It is so now, or was before.</summary>
    Done,

    /// <summary>403.</summary>
    Forbidden,

    /// <summary>404.</summary>
    NotFound,

    /// <summary>Another role of the organization has the name. 409.</summary>
    NameTaken,

    /// <summary>A member has the role, or an open invitation gives it. 409.</summary>
    InUse,

    /// <summary>The organization has as many custom roles as it may have. 409.</summary>
    TooMany,
}

/// <summary>Statuses and texts of <see cref="OrganizationChange"/>.</summary>
internal static class OrganizationChanges
{
    public static int Status(this OrganizationChange change) => change switch
    {
        OrganizationChange.Done => StatusCodes.Status200OK,
        OrganizationChange.Forbidden => StatusCodes.Status403Forbidden,
        OrganizationChange.NotFound => StatusCodes.Status404NotFound,
        _ => StatusCodes.Status409Conflict,
    };

    public static string Text(this OrganizationChange change) => change switch
    {
        OrganizationChange.Forbidden => "Your role does not allow this.",
        OrganizationChange.NotFound => "There is no such role any more.",
        OrganizationChange.NameTaken => "Another role has this name.",
        OrganizationChange.InUse => "Members or open invitations have this role. Give them another one first.",
        OrganizationChange.TooMany => $"An organization has at most {OrganizationDesk.MostRoles} roles.",
        _ => "Saved.",
    };
}
