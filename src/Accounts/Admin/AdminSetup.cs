using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Admin;

/// <summary>Maps the part of the operator's pages that refreshes itself.</summary>
internal static class AdminSetup
{
    public static void MapAdmin(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/admin/live", () => new RazorComponentResult<AdminLive>())
        .RequireAuthorization(new AuthorizeAttribute { Roles = Roles.Operator });
}
