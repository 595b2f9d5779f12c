using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.Telemetry;

namespace Tollgate.ServiceDefaults.ServiceAuthentication;

/// <summary>Endpoint metadata: the services that may call.</summary>
public sealed record InternalCallers(IReadOnlyList<string> Names);

/// <summary>Authenticates calls between services.</summary>
public static class ServiceAuthenticationExtensions
{
    /// <summary>Maps a group of endpoints that <see cref="OnlyFor"/> restricts to the named services.</summary>
    public static RouteGroupBuilder MapInternal(this IEndpointRouteBuilder routes, string prefix, params string[] callers) =>
        routes.MapGroup(prefix).ExcludeFromDescription().OnlyFor(routes.ServiceProvider, callers);

    /// <summary>
    /// Restricts endpoints to the internal listener and the named services. All other requests get 404 on the public listener and 401 on
    /// the internal one, before a byte of the body is read.
    /// </summary>
    public static TBuilder OnlyFor<TBuilder>(this TBuilder endpoints, IServiceProvider services, params string[] callers)
        where TBuilder : IEndpointConventionBuilder
    {
        var tokens = services.GetRequiredService<ServiceTokens>();
        tokens.RequireKnown(callers);
        endpoints.Finally(endpoint =>
        {
            endpoint.Metadata.Add(new InternalCallers(callers));
            var answer = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context => Refusal(context, tokens, callers) is { } status
                ? Refuse(context, status)
                : answer(context);
        });
        return endpoints;
    }

    /// <summary>
    /// Registers a named <see cref="HttpClient"/> for <paramref name="callee"/> at the base address <c>Services:&lt;Callee&gt;</c>, with
    /// this service's bearer. Its calls join the current trace.
    /// </summary>
    /// <param name="name">Of the client; that of the callee by default.</param>
    public static IHttpClientBuilder AddInternalClient(
        this IServiceCollection services, string callee, IConfiguration configuration, string? name = null)
    {
        return services.AddCallee(callee).AddHttpClient(name ?? callee, (provider, client) =>
        {
            var address = configuration[$"Services:{callee}"]
                ?? throw new InvalidOperationException($"Services:{callee} is not set: where does {callee} listen?");
            client.BaseAddress = new Uri(address);
            client.DefaultRequestHeaders.Authorization =
                new AuthenticationHeaderValue("Bearer", provider.GetRequiredService<ServiceTokens>().For(callee));
        }).AddHttpMessageHandler(() => new TraceParentHandler());
    }

    /// <summary>
    /// Declares that this service calls <paramref name="callee"/>, so it does not start without a bearer for that service.
    /// </summary>
    public static IServiceCollection AddCallee(this IServiceCollection services, string callee) =>
        services.AddSingleton(new Callee(callee));

    internal static void RequireBearers(this IServiceProvider services)
    {
        var tokens = services.GetRequiredService<ServiceTokens>();
        foreach (var callee in services.GetServices<Callee>())
        {
            tokens.For(callee.Name);
        }
    }

    internal static void AddServiceAuthentication(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<ClusterOptions>(configuration.GetSection(ClusterOptions.Section));
        services.AddSingleton<ServiceTokens>();
    }

    private static int? Refusal(HttpContext context, ServiceTokens tokens, string[] callers)
    {
        if (context.Features.Get<Listener>()?.Kind != ListenerKind.Internal)
        {
            return StatusCodes.Status404NotFound;
        }

        return tokens.MayCall(context.Request, callers) ? null : StatusCodes.Status401Unauthorized;
    }

    private static Task Refuse(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private sealed record Callee(string Name);
}
