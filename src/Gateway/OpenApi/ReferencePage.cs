using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Scalar.AspNetCore;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.OpenApi;

/// <summary>
/// The API reference for readers, <c>GET /docs</c>: Scalar over the API's document. Script and icon come from this server; the content
/// policy lets the page load nothing else and call no other server.
/// </summary>
internal static class ReferencePage
{
    public const string Path = "/docs";

    /// <summary>Scalar's components write their styles into the page, and its icons are data.</summary>
    private const string Policy =
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self' 'nonce-";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var page = routes.MapGroup("");
        page.MapScalarApiReference(Path, Configure);
        ((IEndpointConventionBuilder)page).Add(Restrict);
        page.ExcludeFromDescription();
    }

    private static void Configure(ScalarOptions options, HttpContext context)
    {
        options.Nonce = RandomNumberGenerator.GetHexString(32); // Reads the same in the header and in HTML; Base64's plus sign does not.
        context.Response.Headers.ContentSecurityPolicy = $"{Policy}{options.Nonce}'";
        options.Title = "Tollgate API";
        options.DefaultOpenAllTags = true;
        options.OpenApiRoutePattern = ApiDocument.Path;

        // Everything that would leave this server: fonts, usage reports, the assistant, the desktop client.
        options.DefaultFonts = false;
        options.Telemetry = false;
        options.Agent = new ScalarAgentOptions { Disabled = true };
        options.Mcp = new ScalarMcpOptions { Disabled = true };
        options.HideClientButton = true;
        options.ShowDeveloperTools = DeveloperToolsVisibility.Never;
    }

    /// <summary>Serves the page on the public listener alone, and under no other name: Scalar takes a document's name behind it.</summary>
    private static void Restrict(EndpointBuilder builder)
    {
        var endpoint = (RouteEndpointBuilder)builder;
        if (endpoint.RoutePattern.Parameters.Count > 0)
        {
            endpoint.RoutePattern = RoutePatternFactory.Parse(Path);
        }

        var serve = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = context =>
        {
            if (context.Features.Get<Listener>()?.Kind == ListenerKind.Internal)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            context.Response.Headers.CacheControl = "no-cache";
            return serve(context);
        };
    }
}
