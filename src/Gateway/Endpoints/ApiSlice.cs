using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Gateway.Endpoints;

/// <summary>The public API: its routes, and one answer for every URL that is none.</summary>
internal static class ApiSlice
{
    private const string BrowserPolicy = "browsers";

    public static WebApplicationBuilder AddApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ServerReadiness>();
        builder.Services.AddCors();
        builder.Services.AddOptions<CorsOptions>().Configure<IOptions<OpenAiOptions>>(static (cors, options) => cors.AddPolicy(
            BrowserPolicy,
            policy => policy.WithOrigins([.. PlatformSettings.SplitList(options.Value.BrowserOrigins)])
                .AllowAnyHeader().WithMethods("GET", "POST", "DELETE")));
        return builder;
    }

    /// <summary>Must come before anything that answers: it wraps every answer of <c>/v1</c>.</summary>
    public static void UseApi(this WebApplication app)
    {
        app.UseMiddleware<OpenAiMiddleware>();
        if (app.Services.GetRequiredService<IOptions<OpenAiOptions>>().Value.BrowserOrigins.Length > 0)
        {
            app.UseCors(BrowserPolicy);
        }
    }

    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("").WithMetadata(new ApiAnswer());
        foreach (var endpoint in EndpointTable.All)
        {
            endpoint.Map(api);
        }

        // The same routes once more for a service that names the key. Only endpoints that run a model: the others cost nothing.
        // A member tries a classifier by the portal.
        MapCalls(routes, EndpointTable.All.Where(endpoint => endpoint.Api == PublicEndpoint.Classifications), "learning", "accounts");
        MapCalls(
            routes,
            EndpointTable.All.Where(endpoint => endpoint is InferenceEndpoint && endpoint.Api != PublicEndpoint.Classifications)
                .Concat(EndpointTable.Internal),
            "learning");

        // A known URL with a wrong method ends here too: the routes above do not take it.
        api.Map("/{**rest}", UnknownUrls.RefuseAsync).ExcludeFromDescription();
    }

    private static void MapCalls(IEndpointRouteBuilder routes, IEnumerable<IEndpoint> endpoints, params string[] callers)
    {
        var calls = routes.MapInternal(InternalCalls.Prefix, callers).WithMetadata(new ApiAnswer { IsInternal = true });
        ((IEndpointConventionBuilder)calls).Finally(RemoveName);
        foreach (var endpoint in endpoints)
        {
            endpoint.MapCalls(calls);
        }
    }

    /// <summary>A name is of one route: that of the document.</summary>
    private static void RemoveName(EndpointBuilder endpoint)
    {
        foreach (var name in endpoint.Metadata.Where(item => item is IEndpointNameMetadata or IRouteNameMetadata).ToList())
        {
            endpoint.Metadata.Remove(name);
        }
    }
}

/// <summary>Endpoint metadata: a call through the internal door that is cancelled when its caller leaves. All others run to their end.
/// </summary>
internal sealed record EndsWithItsCaller;

/// <summary>Endpoint metadata: an answer of the API, with its headers, its log line and its errors.</summary>
internal sealed record ApiAnswer
{
    /// <summary>Whether it is a route of the internal door.</summary>
    public bool IsInternal { get; init; }
}
