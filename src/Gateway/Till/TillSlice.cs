using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Gateway.Till;

/// <summary>Registers the till.</summary>
internal static class TillSlice
{
    private static readonly TimeSpan LongestPrefetch = TimeSpan.FromSeconds(5);

    /// <summary>Section <c>Till</c>; asks <c>Services:billing</c>.</summary>
    public static WebApplicationBuilder AddTill(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<TillOptions>, TillOptionsValidator>();
        builder.Services.AddOptions<TillOptions>().Bind(builder.Configuration.GetSection(TillOptions.Section)).ValidateOnStart();
        builder.Services.AddInternalClient("billing", builder.Configuration);
        builder.Services.AddSingleton<LeaseGate>();
        builder.Services.AddSingleton<LeaseKeeper>();
        builder.Services.AddSingleton<LeaseRehearsal>().AddHostedService(provider => provider.GetRequiredService<LeaseRehearsal>());
        builder.Services.AddHealthChecks().AddCheck<LeaseRehearsal>("leases", tags: ["ready"]);
        return builder;
    }

    /// <summary>
    /// <c>POST /internal/tills/{organization}</c> brings money into an organization's till before its first request. 204 when all is there
    /// that the wallet can give, 503 while it cannot be had.
    /// </summary>
    public static void MapTills(this IEndpointRouteBuilder routes) =>
        routes.MapInternal("/internal/tills", "operator").MapPost("/{organizationId:guid}", PrefetchAsync);

    internal static async Task<Results<NoContent, StatusCodeHttpResult>> PrefetchAsync(
        Guid organizationId, LeaseKeeper leases, CancellationToken cancellationToken)
    {
        var refill = await leases.RefillAsync(organizationId, needNanoUsd: 1, LongestPrefetch, cancellationToken);
        return refill.Outcome == RefillOutcome.Unavailable
            ? TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable)
            : TypedResults.NoContent();
    }
}
