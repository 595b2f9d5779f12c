using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.Relays;

/// <summary>A public endpoint that another service answers with all its routes. One instance an endpoint.</summary>
/// <param name="service">Name of the service in <c>service-calls</c> and <c>Services:</c>.</param>
internal abstract class RelayedEndpoint(PublicEndpoint api, string service)
{
    private readonly RelayedRoutes _routes = new(api, service);

    public PublicEndpoint Api => api;

    /// <inheritdoc cref="RelayedRoutes.Map"/>
    protected RouteHandlerBuilder Map(IEndpointRouteBuilder routes, string method, string path) => _routes.Map(routes, method, path);

    /// <inheritdoc cref="RelayedRoutes.Free"/>
    protected void Free(RouteHandlerBuilder route, IReadOnlyList<OpenAiError> own) => _routes.Free(route, own);

    /// <inheritdoc cref="RelayedRoutes.Counted"/>
    protected void Counted(RouteHandlerBuilder route, IReadOnlyList<OpenAiError> own) => _routes.Counted(route, own);
}
