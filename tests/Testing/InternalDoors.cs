using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Testing;

/// <summary>Tries every door of a running service with every bearer of the platform.</summary>
public static class InternalDoors
{
    /// <summary>A snapshot keeps who is let in waiting; a refusal comes at once, however slow the machine is.</summary>
    private static readonly TimeSpan LetIn = TimeSpan.FromSeconds(2), Refused = TimeSpan.FromSeconds(60);

    /// <summary>The service's table: method, path and callers of each internal endpoint, sorted.</summary>
    public static IReadOnlyList<string> Table(WebApplication app) =>
        [.. Doors(app).Select(door => $"{door.Method} {door.Pattern}: {string.Join(", ", door.Callers)}").Order(StringComparer.Ordinal)];

    /// <summary>
    /// Endpoints that anybody may call on the internal listener: those without callers. Health and the public API, which the service
    /// must close by itself.
    /// </summary>
    public static IReadOnlyList<string> Open(WebApplication app) =>
        [.. Endpoints(app).Where(endpoint => endpoint.Metadata.GetMetadata<InternalCallers>() is null)
            .Select(endpoint => endpoint.RoutePattern.RawText!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Each door × each bearer of any service for any service, no bearer, and the right ones on the public listener; and each caller of the
    /// list for its door. Returns what was wrong.
    /// </summary>
    public static async Task<IReadOnlyList<string>> TryAllAsync(WebApplication app, string service)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var doors = Doors(app).ToList();
        var faults = ServiceCall.All
            .Where(call => call.Callee == service && !doors.Exists(door => door.Callers.Contains(call.Caller)))
            .Select(call => $"{call.Caller} has a bearer and no door").ToList();
        foreach (var door in doors)
        {
            foreach (var call in ServiceCall.All)
            {
                var mayCall = call.Callee == service && door.Callers.Contains(call.Caller);
                var bearer = TestBearers.Header(call.Caller, call.Callee);
                var status = await AskAsync(http, app.Url(ListenerKind.Internal), door, bearer, mayCall ? LetIn : Refused);
                if (mayCall == (status == HttpStatusCode.Unauthorized))
                {
                    faults.Add($"{call.Caller}'s bearer for {call.Callee} at {door.Method} {door.Pattern}: {status}");
                }

                if (mayCall && app.Configuration["Listen:Public"] is not null
                    && await AskAsync(http, app.Url(ListenerKind.Public), door, bearer, Refused)
                        is var outside and not HttpStatusCode.NotFound)
                {
                    faults.Add($"{door.Method} {door.Pattern} on the public listener: {outside}");
                }
            }

            if (await AskAsync(http, app.Url(ListenerKind.Internal), door, null, Refused) is var open and not HttpStatusCode.Unauthorized)
            {
                faults.Add($"{door.Method} {door.Pattern} without a bearer: {open}");
            }
        }

        return faults;
    }

    /// <summary>Null for an answer that is still awaited: whoever waits was let in.</summary>
    private static async Task<HttpStatusCode?> AskAsync(
        HttpClient http, string address, Door door, AuthenticationHeaderValue? bearer, TimeSpan wait)
    {
        using var patience = new CancellationTokenSource(wait, TimeProvider.System);
        using var request = new HttpRequestMessage(new HttpMethod(door.Method), address + door.Path);
        request.Headers.Authorization = bearer;
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            return response.StatusCode;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static IEnumerable<Door> Doors(WebApplication app) =>
        from endpoint in Endpoints(app)
        let callers = endpoint.Metadata.GetMetadata<InternalCallers>()
        where callers is not null
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select new Door(
            method, "/" + endpoint.RoutePattern.RawText!.Trim('/'), "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(Fill)),
            callers.Names);

    private static IEnumerable<RouteEndpoint> Endpoints(WebApplication app) =>
        app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static string Fill(Microsoft.AspNetCore.Routing.Patterns.RoutePatternPathSegment segment) => segment.Parts switch
    {
        [Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal] => literal.Content,
        [Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart { ParameterPolicies: [{ Content: "guid" }] }] =>
            Guid.Empty.ToString(),
        [Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart { ParameterPolicies: [{ Content: "int" }] }] => "1",
        _ => "x",
    };

    private sealed record Door(string Method, string Pattern, string Path, IReadOnlyList<string> Callers);
}
