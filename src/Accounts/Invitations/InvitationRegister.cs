using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Invitations;

/// <summary>
/// Invites addresses to organizations. Every change runs under the lock of the organization's row. The rule for the role is that of
/// changing a member's role: <see cref="MemberRoles.MayTouch"/>.
/// </summary>
internal sealed class InvitationRegister(
    AccountsDb db, ILookupNormalizer normalizer, InvitationLetters letters, AuditTrail audit, InvitationLimits limits, TimeProvider clock)
{
    /// <summary>Lists the open invitations of an organization, newest first. Expired ones stay until revoked or sent again.</summary>
    public Task<List<Invitation>> ListOpenAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.OpenInvitations.AsNoTracking().Where(one => one.OrganizationId == organizationId)
            .OrderByDescending(one => one.CreatedAt).ThenBy(one => one.Id).ToListAsync(cancellationToken);

    /// <summary>Finds an invitation of the organization, open or not; null for another organization's.</summary>
    public Task<Invitation?> FindAsync(Guid organizationId, Guid invitationId, CancellationToken cancellationToken) =>
        db.Invitations.AsNoTracking().SingleOrDefaultAsync(
            one => one.OrganizationId == organizationId && one.Id == invitationId, cancellationToken);

    /// <summary>Invites an address, or renews its expired invitation with the chosen role.</summary>
    /// <param name="actorId">The inviting member; null for the operator's doors and the admin API.</param>
    /// <param name="projects">Projects of the organization that the person becomes a member of; null for none.</param>
    public async Task<InvitationOutcome> InviteAsync(
        Guid organizationId, Guid? actorId, string email, RoleChoice choice, CancellationToken cancellationToken,
        IReadOnlyList<Guid>? projects = null)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.LockOrganizationAsync(organizationId, cancellationToken);
        var custom = await db.CustomRoleAsync(organizationId, choice.CustomRoleId, cancellationToken);
        if ((choice.Role == MemberRole.Custom) != (custom is not null))
        {
            return new InvitationOutcome.UnknownRole();
        }

        if (!(await db.StandingAsync(organizationId, actorId, cancellationToken)).MayTouch(choice.Role, custom))
        {
            return new InvitationOutcome.Forbidden();
        }

        var normalized = normalizer.NormalizeEmail(email)!;
        if (await IsMemberAsync(organizationId, normalized, cancellationToken))
        {
            return new InvitationOutcome.AlreadyMember();
        }

        var now = clock.GetUtcNow();
        var open = await db.OpenInvitations.SingleOrDefaultAsync(
            one => one.OrganizationId == organizationId && one.NormalizedEmail == normalized, cancellationToken);
        if (open?.ExpiresAt > now)
        {
            return new InvitationOutcome.AlreadyInvited(open.Id);
        }

        open?.RevokedAt = now;
        await db.SaveChangesAsync(cancellationToken); // Before the new row, which the index of open invitations would refuse.
        var (token, hash) = InvitationToken.Create();
        var invitation = new Invitation
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = organizationId,
            Email = email,
            NormalizedEmail = normalized,
            Role = choice.Role,
            CustomRoleId = choice.CustomRoleId,
            TokenSha256 = hash,
            InvitedBy = actorId ?? Guid.Empty,
            CreatedAt = now,
            SentAt = now,
            ExpiresAt = now + limits.Lifetime,
        };
        db.Invitations.Add(invitation);
        db.InvitationProjects.AddRange(
            (projects ?? []).Select(id => new InvitationProject { InvitationId = invitation.Id, ProjectId = id }));
        audit.Add(
            "member.invite", email, organizationId,
            after: new { Role = RoleChoice.NameOf(choice.Role, custom), invitation.ExpiresAt });
        return await SendAsync(transaction, invitation, token, actorId, cancellationToken);
    }

    /// <summary>Mails a new link and starts the invitation's lifetime over. The old link no longer works.</summary>
    public async Task<InvitationOutcome> ResendAsync(
        Guid organizationId, Guid? actorId, Guid invitationId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var (invitation, refusal) = await OpenAsync(organizationId, actorId, invitationId, cancellationToken);
        if (invitation is null)
        {
            return refusal!;
        }

        var (token, hash) = InvitationToken.Create();
        var now = clock.GetUtcNow();
        (invitation.TokenSha256, invitation.SentAt, invitation.ExpiresAt) = (hash, now, now + limits.Lifetime);
        audit.Add("member.invite.resend", invitation.Email, organizationId);
        return await SendAsync(transaction, invitation, token, actorId, cancellationToken);
    }

    /// <summary>Ends an open invitation; its link no longer works.</summary>
    public async Task<InvitationOutcome> RevokeAsync(
        Guid organizationId, Guid? actorId, Guid invitationId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var (invitation, refusal) = await OpenAsync(organizationId, actorId, invitationId, cancellationToken);
        if (invitation is null)
        {
            return refusal!;
        }

        invitation.RevokedAt = clock.GetUtcNow();
        audit.Add("member.invite.revoke", invitation.Email, organizationId);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new InvitationOutcome.Done(invitation);
    }

    /// <summary>
    /// Revokes the open invitations of a member that the member could not send any more, in the caller's transaction and under its lock.
    /// The caller saves.
    /// </summary>
    /// <param name="standing">What the member may do from now on.</param>
    public async Task RevokeBeyondAsync(Guid organizationId, Guid userId, Standing standing, CancellationToken cancellationToken)
    {
        var open = await db.OpenInvitations.Where(one => one.OrganizationId == organizationId && one.InvitedBy == userId)
            .ToListAsync(cancellationToken);
        foreach (var invitation in open)
        {
            var custom = await db.CustomRoleAsync(organizationId, invitation.CustomRoleId, cancellationToken);
            if (!standing.MayTouch(invitation.Role, custom))
            {
                invitation.RevokedAt = clock.GetUtcNow();
                audit.Add("member.invite.revoke", invitation.Email, organizationId);
            }
        }
    }

    private Task<bool> IsMemberAsync(Guid organizationId, string normalizedEmail, CancellationToken cancellationToken) =>
        (from user in db.Users
         where user.NormalizedEmail == normalizedEmail
         join membership in db.Memberships on user.Id equals membership.UserId
         where membership.OrganizationId == organizationId
         select membership).AnyAsync(cancellationToken);

    /// <summary>Locks the organization and reads an open invitation that the actor may touch, tracked; or why there is none.</summary>
    private async Task<(Invitation? Invitation, InvitationOutcome? Refusal)> OpenAsync(
        Guid organizationId, Guid? actorId, Guid invitationId, CancellationToken cancellationToken)
    {
        await db.LockOrganizationAsync(organizationId, cancellationToken);
        var invitation = await db.OpenInvitations.SingleOrDefaultAsync(
            one => one.OrganizationId == organizationId && one.Id == invitationId, cancellationToken);
        if (invitation is null)
        {
            return (null, new InvitationOutcome.NotFound());
        }

        var custom = await db.CustomRoleAsync(organizationId, invitation.CustomRoleId, cancellationToken);
        var standing = await db.StandingAsync(organizationId, actorId, cancellationToken);
        return standing.MayTouch(invitation.Role, custom) ? (invitation, null) : (null, new InvitationOutcome.Forbidden());
    }

    private async Task<InvitationOutcome> SendAsync(
        Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction transaction, Invitation invitation, string token, Guid? actorId,
        CancellationToken cancellationToken)
    {
        if (await limits.TakeAsync(invitation.OrganizationId, invitation.Email, cancellationToken) is { } wait)
        {
            db.ChangeTracker.Clear(); // Nothing of it is saved; the transaction rolls back.
            return new InvitationOutcome.TooMany(wait);
        }

        var organization = await db.Organizations.Where(one => one.Id == invitation.OrganizationId).Select(one => one.Name)
            .SingleAsync(cancellationToken);
        var inviter = await db.Users.Where(one => one.Id == actorId).Select(one => one.Email).SingleOrDefaultAsync(cancellationToken);
        letters.Add(invitation, token, organization, inviter);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        letters.Wake();
        return new InvitationOutcome.Done(invitation);
    }
}

/// <summary>How long links work and how many mails an organization may cause.</summary>
internal sealed class InvitationLimits(IOptions<InvitationOptions> options, CredentialLimiter limiter)
{
    public TimeSpan Lifetime => options.Value.Lifetime;

    /// <summary>Counts one mail. Returns null when it may be sent, else the remaining wait.</summary>
    public Task<TimeSpan?> TakeAsync(Guid organizationId, string email, CancellationToken cancellationToken) =>
        limiter.TakeInvitationAsync(organizationId, email, options.Value.PerOrganizationPerHour, cancellationToken);
}

/// <summary>Result of a change of an invitation: one of the records in it.</summary>
internal abstract record InvitationOutcome
{
    private InvitationOutcome()
    {
    }

    internal sealed record Done(Invitation Invitation) : InvitationOutcome;

    /// <summary>The acting member's role does not allow it. 403.</summary>
    internal sealed record Forbidden : InvitationOutcome;

    /// <summary>No open invitation of the organization has this id.</summary>
    internal sealed record NotFound : InvitationOutcome;

    /// <summary>The address belongs to a member. 409.</summary>
    internal sealed record AlreadyMember : InvitationOutcome;

    /// <summary>The address has an open invitation, which can be sent again. 409.</summary>
    internal sealed record AlreadyInvited(Guid InvitationId) : InvitationOutcome;

    /// <summary>No such role in the organization. 400.</summary>
    internal sealed record UnknownRole : InvitationOutcome;

    /// <summary>A limit on mails was reached. 429.</summary>
    internal sealed record TooMany(TimeSpan Wait) : InvitationOutcome;
}
