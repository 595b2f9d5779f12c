using Microsoft.AspNetCore.Antiforgery;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Sessions;

namespace Tollgate.Accounts.Switching;

/// <summary>Selects the organization and the project that a session shows.</summary>
internal static class SwitchEndpoint
{
    public static void MapSwitching(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/switch", SwitchAsync).RequireAuthorization().WithMetadata(new WithoutOrganizationAttribute());

    /// <summary>Answers 404 for an organization without the user, and for a project of another organization.</summary>
    internal static async Task<IResult> SwitchAsync(
        HttpContext context, IAntiforgery antiforgery, Workspace workspace, SessionCookie session, AccountsDb db)
    {
        // Checks the token explicitly, because only form binding checks it automatically.
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return TypedResults.BadRequest();
        }

        // The switcher's choice: an organization's id, or an organization's and a project's with a slash between them.
        var parts = context.Request.Form["to"].ToString().Split('/');
        if (parts.Length > 2 || !Guid.TryParse(parts[0], out var organizationId))
        {
            return TypedResults.BadRequest();
        }

        var projectId = Guid.Empty;
        if (parts.Length == 2 && !Guid.TryParse(parts[1], out projectId))
        {
            return TypedResults.BadRequest();
        }

        using var all = db.ForAll(); // The selected organization is another one.
        if (!workspace.Organizations.Any(organization => organization.Id == organizationId)
            || (parts.Length == 2 && !await db.Projects.AnyAsync(
                project => project.OrganizationId == organizationId && project.Id == projectId, context.RequestAborted)))
        {
            return TypedResults.NotFound();
        }

        await session.SelectAsync(context, organizationId, parts.Length == 2 ? projectId : null);
        return TypedResults.LocalRedirect("/overview");
    }
}
