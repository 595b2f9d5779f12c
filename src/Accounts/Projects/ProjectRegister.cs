using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Records;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Projects;

/// <summary>Makes, changes and archives projects, and says who may use them.</summary>
internal sealed class ProjectRegister(AccountsDb db, PolicyRegister policies, KeyRegister keys, AuditTrail audit, TimeProvider clock)
{
    /// <summary>Most projects of an organization at once, archived ones not counted.</summary>
    internal const int Most = 500;

    /// <summary>Lists an organization's projects: the default one, then the others by name, then archived ones.</summary>
    public Task<List<Project>> ListAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.Projects.AsNoTracking().Where(p => p.OrganizationId == organizationId)
            .OrderBy(p => p.ArchivedAt != null).ThenByDescending(p => p.IsDefault).ThenBy(p => p.Name).ThenBy(p => p.Id)
            .ToListAsync(cancellationToken);

    public Task<Project?> FindAsync(Guid organizationId, Guid projectId, CancellationToken cancellationToken) =>
        db.Projects.AsNoTracking().SingleOrDefaultAsync(
            p => p.OrganizationId == organizationId && p.Id == projectId, cancellationToken);

    /// <summary>Keys of each project that are not revoked, by the project's id.</summary>
    public Task<Dictionary<Guid, int>> CountKeysAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.ApiKeys.Where(k => k.OrganizationId == organizationId && k.State != KeyState.Revoked)
            .GroupBy(k => k.ProjectId).ToDictionaryAsync(group => group.Key, group => group.Count(), cancellationToken);

    /// <summary>Makes a project, once for an id.</summary>
    /// <param name="projectId">Chosen by the page, so a form submitted twice makes one.</param>
    public async Task<ProjectChange> CreateAsync(
        Guid organizationId, Guid projectId, string name, Guid? actorId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.LockOrganizationAsync(organizationId, cancellationToken);
        if (await db.Projects.AnyAsync(p => p.OrganizationId == organizationId && p.Id == projectId, cancellationToken))
        {
            return ProjectChange.Done;
        }

        if (await IsTakenAsync(organizationId, projectId, name, cancellationToken))
        {
            return ProjectChange.NameTaken;
        }

        if (await db.Projects.CountAsync(p => p.OrganizationId == organizationId && p.ArchivedAt == null, cancellationToken) >= Most)
        {
            return ProjectChange.TooMany;
        }

        var project = new Project
        {
            Id = projectId,
            OrganizationId = organizationId,
            Name = name,
            IsDefault = false,
            Limits = Limits.None,
            CreatedAt = clock.GetUtcNow(),
        };
        db.Projects.Add(project);
        audit.Add("project.create", projectId.ToString(), organizationId, before: null, ProjectValues.Of(project), actorId);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return ProjectChange.Done;
    }

    /// <summary>Gives a project another name.</summary>
    public async Task<ProjectChange> RenameAsync(
        Guid organizationId, Guid projectId, string name, Guid? actorId, CancellationToken cancellationToken)
    {
        if (await IsTakenAsync(organizationId, projectId, name, cancellationToken))
        {
            return ProjectChange.NameTaken;
        }

        await policies.ChangeProjectAsync(
            organizationId, projectId, actorId, "project.rename",
            project =>
            {
                var changes = project.Name != name;
                project.Name = name;
                return changes;
            },
            cancellationToken);
        return ProjectChange.Done;
    }

    /// <summary>Changes what all keys of a project may do together: all of it or nothing.</summary>
    public Task<RecordChange> ChangeSettingsAsync(
        Guid organizationId, Guid projectId, ProjectSettings settings, Guid? actorId, CancellationToken cancellationToken) =>
        policies.ChangeProjectAsync(
            organizationId, projectId, actorId, "project.settings",
            project =>
            {
                var changes = project.ChangeModels(settings.ModelsAllowed, settings.ModelsDenied)
                    | (project.Limits != settings.Limits) | (project.SoftBudgetNanoUsd != settings.SoftBudgetNanoUsd);
                (project.Limits, project.SoftBudgetNanoUsd) = (settings.Limits, settings.SoftBudgetNanoUsd);
                return changes;
            },
            cancellationToken);

    /// <summary>Archives a project for good. Gateways refuse its keys once Redis has acknowledged it.</summary>
    /// <exception cref="InvalidOperationException">It is the default project.</exception>
    public async Task<RecordChange> ArchiveAsync(
        Guid organizationId, Guid projectId, Guid? actorId, CancellationToken cancellationToken)
    {
        if (await FindAsync(organizationId, projectId, cancellationToken) is { IsDefault: true })
        {
            throw new InvalidOperationException("The default project cannot be archived.");
        }

        return await policies.ChangeProjectAsync(
            organizationId, projectId, actorId, "project.archive", project => project.Archive(clock.GetUtcNow()), cancellationToken);
    }

    /// <summary>Lists the organization's members, and whether a row lets each of them use the project, by address.</summary>
    public async Task<IReadOnlyList<ProjectUser>> ListMembersAsync(Guid organizationId, Guid projectId, CancellationToken cancellationToken)
    {
        var named = db.ProjectMembers;
        var members = await (
            from membership in db.Memberships
            where membership.OrganizationId == organizationId
            join user in db.Users on membership.UserId equals user.Id
            join role in db.CustomRoles on membership.CustomRoleId equals (Guid?)role.Id into roles
            from custom in roles.DefaultIfEmpty()
            orderby user.Email
            select new
            {
                user.Id, Email = user.Email!, membership.Role, Custom = custom,
                IsNamed = named.Any(m => m.ProjectId == projectId && m.UserId == user.Id),
            }).AsNoTracking().ToListAsync(cancellationToken);
        return
        [
            .. members.Select(member => new ProjectUser(
                member.Id, member.Email, member.IsNamed,
                MemberRoles.PermissionsOf(member.Role, member.Custom).Contains(Permission.ManageProjects))),
        ];
    }

    /// <summary>Lets a member of the organization use a project. Changes nothing for somebody who is no member.</summary>
    public async Task AddMemberAsync(
        Guid organizationId, Guid projectId, Guid userId, Guid? actorId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.LockOrganizationAsync(organizationId, cancellationToken);
        if (await db.ProjectMembers.AnyAsync(m => m.ProjectId == projectId && m.UserId == userId, cancellationToken)
            || !await db.Memberships.AnyAsync(m => m.OrganizationId == organizationId && m.UserId == userId, cancellationToken)
            || !await db.Projects.AnyAsync(
                p => p.OrganizationId == organizationId && p.Id == projectId && !p.IsDefault && p.ArchivedAt == null, cancellationToken))
        {
            return;
        }

        db.ProjectMembers.Add(new ProjectMember
        {
            ProjectId = projectId, UserId = userId, OrganizationId = organizationId, AddedAt = clock.GetUtcNow(),
        });
        audit.Add("project.member.add", projectId.ToString(), organizationId, before: null, new { userId }, actorId);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>
    /// Takes a project from a member, and revokes the personal keys of the member in it unless the member manages projects.
    /// </summary>
    public async Task RemoveMemberAsync(
        Guid organizationId, Guid projectId, Guid userId, Guid? actorId, CancellationToken cancellationToken)
    {
        IReadOnlyList<Guid> revoked = [];
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            await db.LockOrganizationAsync(organizationId, cancellationToken);
            var member = (await ListMembersAsync(organizationId, projectId, cancellationToken)).FirstOrDefault(one => one.UserId == userId);
            if (member is not { IsNamed: true })
            {
                return;
            }

            await db.ProjectMembers.Where(m => m.OrganizationId == organizationId && m.ProjectId == projectId && m.UserId == userId)
                .ExecuteDeleteAsync(cancellationToken);
            audit.Add("project.member.remove", projectId.ToString(), organizationId, new { userId }, after: null, actorId);
            if (!member.UsesAll)
            {
                revoked = await keys.RevokePersonalAsync(organizationId, userId, actorId, cancellationToken, projectId);
            }

            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await keys.PublishAllAsync(revoked);
    }

    private Task<bool> IsTakenAsync(Guid organizationId, Guid projectId, string name, CancellationToken cancellationToken) =>
        db.Projects.FromSql(
            $"""
            select * from accounts.projects
            where organization_id = {organizationId} and id <> {projectId} and archived_at is null and lower(name) = lower({name})
            """).AnyAsync(cancellationToken);
}

/// <summary>What all keys of a project may do together.</summary>
/// <param name="SoftBudgetNanoUsd">Spend in a UTC month at which pages warn; null for none.</param>
internal sealed record ProjectSettings(Limits Limits, long? SoftBudgetNanoUsd, string[]? ModelsAllowed, string[]? ModelsDenied);

/// <summary>A member of the organization, seen from a project.</summary>
/// <param name="IsNamed">Whether the project names the member.</param>
/// <param name="UsesAll">Whether the member's role manages projects, and so may use all.</param>
internal sealed record ProjectUser(Guid UserId, string Email, bool IsNamed, bool UsesAll);

/// <summary>Result of making or renaming a project.</summary>
internal enum ProjectChange
{
    Done,

    /// <summary>Another project of the organization has the name, whatever its case.</summary>
    NameTaken,

    /// <summary>The organization has <see cref="ProjectRegister.Most"/> projects.</summary>
    TooMany,
}
