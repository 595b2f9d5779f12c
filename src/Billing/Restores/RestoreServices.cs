using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Restores;

/// <summary>Registers the slice.</summary>
internal static class RestoreServices
{
    public static IServiceCollection AddRestores(this IServiceCollection services)
    {
        services.AddSingleton<RestoreWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<RestoreWatch>());
        return services;
    }

    /// <summary>
    /// Reads the newest beat that the caller knows before handling its request, and adds this process's newest beat to the response. For
    /// the endpoints that gateways call with money or usage.
    /// </summary>
    public static RouteGroupBuilder ExchangeBeats(this RouteGroupBuilder endpoints)
    {
        endpoints.AddEndpointFilter(static (context, next) =>
        {
            var http = context.HttpContext;
            var watch = http.RequestServices.GetRequiredService<RestoreWatch>();
            if (DatabaseBeat.Parse(http.Request.Headers[DatabaseHeader.Name]) is { } shown)
            {
                watch.Hear(shown);
            }

            http.Response.OnStarting(() =>
            {
                if (watch.Newest is { } newest)
                {
                    http.Response.Headers[DatabaseHeader.Name] = newest.ToString();
                }

                return Task.CompletedTask;
            });
            return next(context);
        });
        return endpoints;
    }
}
