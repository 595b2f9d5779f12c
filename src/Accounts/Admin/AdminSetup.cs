using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Admin;

/// <summary>Registers the operator's pages and maps what is no page of the portal.</summary>
internal static class AdminSetup
{
    public static void AddAdmin(this WebApplicationBuilder builder) => builder.Services.AddScoped<OrganizationDirectory>();

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/live", () => new RazorComponentResult<AdminLive>())
            .RequireAuthorization(new AuthorizeAttribute { Roles = Roles.Operator });
        routes.MapJobsRelay();
    }
}
