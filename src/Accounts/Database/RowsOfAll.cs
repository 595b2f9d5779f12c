using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Database;

/// <summary>Endpoints that read and write everybody's rows.</summary>
internal static class RowsOfAll
{
    /// <summary>Gives each request the scope of all, for doors of operators.</summary>
    public static RouteGroupBuilder WithRowsOfAll(this RouteGroupBuilder routes) => routes.AddEndpointFilter((invocation, next) =>
    {
        invocation.HttpContext.RequestServices.GetRequiredService<AccountsDb>().Scope = OrganizationScope.All;
        return next(invocation);
    });
}
