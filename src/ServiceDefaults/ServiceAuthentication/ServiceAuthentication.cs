using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.ServiceDefaults.ServiceAuthentication;

/// <summary>Who may call whom inside the platform.</summary>
public static class ServiceAuthenticationExtensions
{
    /// <summary>
    /// Maps a group that answers on the internal listener alone, and only to the named services; anybody else gets 404 on the public
    /// listener and 401 on the internal one.
    /// </summary>
    public static RouteGroupBuilder MapInternal(this IEndpointRouteBuilder routes, string prefix, params string[] callers)
    {
        var tokens = routes.ServiceProvider.GetRequiredService<ServiceTokens>();
        var group = routes.MapGroup(prefix).ExcludeFromDescription();
        group.AddEndpointFilter((context, next) =>
        {
            if (context.HttpContext.Features.Get<Listener>()?.Kind != ListenerKind.Internal)
            {
                return ValueTask.FromResult<object?>(TypedResults.NotFound());
            }

            return tokens.MayCall(context.HttpContext.Request, callers)
                ? next(context)
                : ValueTask.FromResult<object?>(TypedResults.Unauthorized());
        });
        return group;
    }

    /// <summary>Whether the request's bearer is that of one of <paramref name="callers"/>.</summary>
    public static bool MayCall(this ServiceTokens tokens, HttpRequest request, params string[] callers)
    {
        var authorization = request.Headers.Authorization.ToString();
        if (!authorization.StartsWith("Bearer ", StringComparison.Ordinal))
        {
            return false;
        }

        return Array.Exists(callers, caller => tokens.Accepts(authorization.AsSpan("Bearer ".Length), caller));
    }

    /// <summary>
    /// A named <see cref="HttpClient"/> for <paramref name="callee"/> at
    /// <c>Services:&lt;Callee&gt;</c> (a base address), which shows this service's bearer.
    /// </summary>
    public static IHttpClientBuilder AddInternalClient(this IServiceCollection services, string callee, IConfiguration configuration)
    {
        return services.AddHttpClient(callee, (provider, client) =>
        {
            var address = configuration[$"Services:{callee}"]
                ?? throw new InvalidOperationException($"Services:{callee} is not set: where does {callee} listen?");
            client.BaseAddress = new Uri(address);
            client.DefaultRequestHeaders.Authorization =
                new AuthenticationHeaderValue("Bearer", provider.GetRequiredService<ServiceTokens>().For(callee));
        });
    }

    internal static void AddServiceAuthentication(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<ClusterOptions>(configuration.GetSection(ClusterOptions.Section));
        services.AddSingleton<ServiceTokens>();
    }
}
