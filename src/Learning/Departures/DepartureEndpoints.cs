using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Learning;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Departures;

/// <summary>The door by which Accounts destroys what a deleted organization kept.</summary>
internal static class DepartureEndpoints
{
    public static IServiceCollection AddDepartures(this IServiceCollection services) => services.AddSingleton<OrganizationDeparture>();

    public static IEndpointRouteBuilder MapDepartures(this IEndpointRouteBuilder routes)
    {
        routes.MapInternal("/internal/organizations/{organizationId:guid}", "accounts").MapDelete("/contents", DestroyAsync);
        return routes;
    }

    internal static async Task<Ok<DestroyedContents>> DestroyAsync(
        Guid organizationId, OrganizationDeparture departure, CancellationToken cancellationToken) =>
        TypedResults.Ok(await departure.DestroyAsync(organizationId, cancellationToken));
}
