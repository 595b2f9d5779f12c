using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Relays;

/// <summary>Routes of a public endpoint that another service answers: same paths there, on its internal listener.</summary>
/// <param name="Service">Name of the service in <c>service-calls</c> and <c>Services:</c>.</param>
internal sealed record RelayedRoutes(PublicEndpoint Api, string Service)
{
    /// <summary>Whether the service proves the client's key, so that its 401 is one to the client.</summary>
    public bool ProvesKeys { get; init; }

    /// <summary>Maps a route of the endpoint.</summary>
    /// <exception cref="InvalidOperationException">The endpoint's line in the shared list has no such route.</exception>
    public RouteHandlerBuilder Map(IEndpointRouteBuilder routes, string method, string path) =>
        Api.Routes.Contains(new PublicRoute(method, path))
            ? routes.MapMethods(path, [method], (HttpContext context, ServiceRelay relay) => relay.RunAsync(context, this, path))
            : throw new InvalidOperationException($"{method} {path} is no route of {Api.Scope}.");

    /// <summary>Documents the errors of a route that counts against no limit: a GET.</summary>
    /// <param name="own">Errors of the route itself.</param>
    public void Free(RouteHandlerBuilder route, IReadOnlyList<OpenAiError> own) =>
        route.Fails(DocumentedErrors.OfRelay(Api, counts: false, own), AnswerHeaderTable.OfKey);

    /// <summary>Documents the errors of a route that counts against the limits of requests.</summary>
    /// <param name="own">Errors of the route itself.</param>
    public void Counted(RouteHandlerBuilder route, IReadOnlyList<OpenAiError> own) => route.Fails(
        DocumentedErrors.OfRelay(Api, counts: true, own), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);
}
