using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Users;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Sessions;

/// <summary>The browser's half of a session: a cookie that contains only a random ticket, sealed by Data Protection.</summary>
internal sealed class SessionCookie(SessionStore sessions, ClientAddress addresses)
{
    public const string Scheme = "session";

    private const string TicketClaim = "ticket";
    private const string SessionClaim = "session";

    /// <summary>Signs the browser in. Ends the browser's previous session, of any user, so that an attacker cannot plant one.</summary>
    public async Task SignInAsync(HttpContext context, User user, bool remember)
    {
        await EndOwnAsync(context);
        var started = await sessions.StartAsync(
            user, remember, addresses.SourceOf(context), context.Request.Headers.UserAgent.ToString(), context.RequestAborted);
        await context.SignInAsync(
            Scheme,
            new ClaimsPrincipal(new ClaimsIdentity([new Claim(TicketClaim, started.Ticket)], Scheme)),
            new AuthenticationProperties { IsPersistent = remember, ExpiresUtc = started.EndsAt });
    }

    /// <summary>Ends the browser's session and deletes its cookie.</summary>
    public async Task SignOutAsync(HttpContext context)
    {
        await EndOwnAsync(context);
        await context.SignOutAsync(Scheme);
    }

    /// <summary>Replaces the ticket by its user, or rejects it when the session has ended. Runs for each request with a cookie.</summary>
    public static async Task ReadAsync(CookieValidatePrincipalContext context)
    {
        var ticket = context.Principal?.FindFirstValue(TicketClaim);
        // Skips the database for styles and scripts, which are the same for every user.
        if (ticket is null || context.Request.Path.StartsWithSegments("/assets"))
        {
            context.RejectPrincipal();
            return;
        }

        var store = context.HttpContext.RequestServices.GetRequiredService<SessionStore>();
        if (await store.FindAsync(ticket, context.HttpContext.RequestAborted) is not { } session)
        {
            context.RejectPrincipal();
            return;
        }

        var identity = new ClaimsIdentity(
            [
                new Claim(ClaimTypes.NameIdentifier, session.UserId.ToString()),
                new Claim(ClaimTypes.Name, session.Email),
                new Claim(SessionClaim, session.Id.ToString()),
            ],
            Scheme);
        if (session.IsOperator)
        {
            identity.AddClaim(new Claim(identity.RoleClaimType, Roles.Operator));
        }

        if (session.OrganizationId is { } organizationId)
        {
            identity.AddClaim(new Claim(Workspace.OrganizationClaim, organizationId.ToString()));
        }

        if (session.ProjectId is { } projectId)
        {
            identity.AddClaim(new Claim(Workspace.ProjectClaim, projectId.ToString()));
        }

        context.ReplacePrincipal(new ClaimsPrincipal(identity));
    }

    /// <summary>Selects an organization and a project for the browser's session. The caller has checked the membership.</summary>
    /// <param name="projectId">Null for the organization's default project.</param>
    public async Task SelectAsync(HttpContext context, Guid organizationId, Guid? projectId)
    {
        if (OwnOf(context) is { } own)
        {
            await sessions.SelectAsync(own.UserId, own.SessionId, organizationId, projectId, context.RequestAborted);
        }
    }

    private async Task EndOwnAsync(HttpContext context)
    {
        if (OwnOf(context) is { } own)
        {
            await sessions.EndAsync(own.UserId, own.SessionId, context.RequestAborted);
        }
    }

    private static (Guid UserId, Guid SessionId)? OwnOf(HttpContext context) =>
        Guid.TryParse(context.User.FindFirstValue(ClaimTypes.NameIdentifier), out var userId)
        && Guid.TryParse(context.User.FindFirstValue(SessionClaim), out var sessionId) ? (userId, sessionId) : null;
}
